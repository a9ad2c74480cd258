// Five bodies under gravity, as many steps as the first argument says. Prints the energy before and after.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct body {
  double x, y, z, vx, vy, vz, mass;
};

static struct body bodies[5];

static double energy(void) {
  double e = 0;
  for (int i = 0; i < 5; i++) {
    const struct body *a = &bodies[i];
    e += 0.5 * a->mass * (a->vx * a->vx + a->vy * a->vy + a->vz * a->vz);
    for (int j = i + 1; j < 5; j++) {
      const struct body *b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      e -= a->mass * b->mass / sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return e;
}

static void advance(double dt) {
  for (int i = 0; i < 5; i++) {
    struct body *a = &bodies[i];
    for (int j = i + 1; j < 5; j++) {
      struct body *b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double d2 = dx * dx + dy * dy + dz * dz;
      double pull = dt / (d2 * sqrt(d2));
      a->vx -= dx * b->mass * pull, a->vy -= dy * b->mass * pull, a->vz -= dz * b->mass * pull;
      b->vx += dx * a->mass * pull, b->vy += dy * a->mass * pull, b->vz += dz * a->mass * pull;
    }
  }
  for (int i = 0; i < 5; i++) {
    struct body *a = &bodies[i];
    a->x += dt * a->vx, a->y += dt * a->vy, a->z += dt * a->vz;
  }
}

int main(int argc, char **argv) {
  int steps = argc > 1 ? atoi(argv[1]) : 300000;
  for (int i = 0; i < 5; i++) {
    double r = i * (1 + 0.3 * i);
    bodies[i] = (struct body){r, 0.1 * i, 0.05 * i * i, 0.02 * i, i ? 6.2 / sqrt(r) : 0, 0.01 * i, i ? 0.003 * i : 39.5};
  }
  double before = energy();
  for (int i = 0; i < steps; i++) advance(0.0005);
  printf("nbody %.9f %.9f\n", before, energy());
  return 0;
}
