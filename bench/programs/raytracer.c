// Draws mirrored spheres on a chequered floor, a square picture as wide as the first argument says. Prints a checksum.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct vector {
  double x, y, z;
};

struct ray {
  struct vector origin, direction;
};

struct sphere {
  struct vector centre;
  double radius;
  struct vector colour;
  double mirror;
};

struct hit {
  double distance;
  struct vector point, normal, colour;
  double mirror;
};

enum { SPHERES = 12, BOUNCES = 5 };

static struct sphere spheres[SPHERES];
static const struct vector light = {4, 8, -6};

static struct vector add(struct vector a, struct vector b) { return (struct vector){a.x + b.x, a.y + b.y, a.z + b.z}; }
static struct vector subtract(struct vector a, struct vector b) { return (struct vector){a.x - b.x, a.y - b.y, a.z - b.z}; }
static struct vector scale(struct vector a, double by) { return (struct vector){a.x * by, a.y * by, a.z * by}; }
static double dot(struct vector a, struct vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static struct vector unit(struct vector a) { return scale(a, 1 / sqrt(dot(a, a))); }

static void make_scene(void) {
  for (int i = 0; i < SPHERES; i++) {
    double angle = i * 0.83, away = 1.4 + 0.22 * i;
    spheres[i] = (struct sphere){
        .centre = {away * cos(angle), 0.35 + 0.12 * (i % 4), 3 + away * sin(angle)},
        .radius = 0.3 + 0.05 * (i % 5),
        .colour = {0.4 + 0.05 * (i % 3), 0.3 + 0.04 * (i % 7), 0.9 - 0.05 * i},
        .mirror = i % 2 == 0 ? 0.6 : 0.15,
    };
  }
}

static double meet_sphere(const struct sphere *sphere, struct ray ray) {
  struct vector to = subtract(ray.origin, sphere->centre);
  double b = dot(to, ray.direction), c = dot(to, to) - sphere->radius * sphere->radius, root = b * b - c;
  if (root < 0) return -1;
  root = sqrt(root);
  return -b - root > 1e-6 ? -b - root : -b + root;
}

static int meet(struct ray ray, struct hit *hit) {
  hit->distance = 1e9;
  if (ray.direction.y < -1e-6) {
    double distance = -ray.origin.y / ray.direction.y;
    if (distance > 1e-6) {
      hit->distance = distance;
      hit->point = add(ray.origin, scale(ray.direction, distance));
      hit->normal = (struct vector){0, 1, 0};
      int dark = ((int)floor(hit->point.x) + (int)floor(hit->point.z)) & 1;
      hit->colour = dark ? (struct vector){0.1, 0.1, 0.15} : (struct vector){0.9, 0.9, 0.85};
      hit->mirror = 0.2;
    }
  }
  for (int i = 0; i < SPHERES; i++) {
    double distance = meet_sphere(&spheres[i], ray);
    if (distance <= 1e-6 || distance >= hit->distance) continue;
    hit->distance = distance;
    hit->point = add(ray.origin, scale(ray.direction, distance));
    hit->normal = unit(subtract(hit->point, spheres[i].centre));
    hit->colour = spheres[i].colour;
    hit->mirror = spheres[i].mirror;
  }
  return hit->distance < 1e9;
}

static struct vector trace(struct ray ray, int bounces) {
  struct hit hit, shade;
  if (!meet(ray, &hit)) {
    double height = 0.5 + 0.5 * ray.direction.y;
    return (struct vector){0.5 * height, 0.7 * height, height};
  }
  struct vector to_light = unit(subtract(light, hit.point));
  double bright = dot(hit.normal, to_light);
  if (bright < 0 || meet((struct ray){add(hit.point, scale(hit.normal, 1e-5)), to_light}, &shade)) bright = 0;
  struct vector own = scale(hit.colour, 0.15 + 0.85 * bright);
  if (bounces == 0) return own;
  struct vector back = subtract(ray.direction, scale(hit.normal, 2 * dot(ray.direction, hit.normal)));
  struct vector seen = trace((struct ray){add(hit.point, scale(hit.normal, 1e-5)), unit(back)}, bounces - 1);
  return add(scale(own, 1 - hit.mirror), scale(seen, hit.mirror));
}

static uint32_t level(double value) { return value <= 0 ? 0 : value >= 1 ? 255 : (uint32_t)(value * 255); }

int main(int argc, char **argv) {
  int width = argc > 1 ? atoi(argv[1]) : 200;
  uint32_t sum = 0;
  make_scene();
  for (int y = 0; y < width; y++) {
    for (int x = 0; x < width; x++) {
      struct vector direction = {(x - width * 0.5) / width, (width * 0.45 - y) / width, 0.9};
      struct vector colour = trace((struct ray){{0, 1.2, -2.5}, unit(direction)}, BOUNCES);
      sum = sum * 31 + (level(colour.x) << 16 | level(colour.y) << 8 | level(colour.z));
    }
  }
  printf("raytracer %d, %08x\n", width, sum);
  return 0;
}
