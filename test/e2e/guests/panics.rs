// Panics two calls deep, out of a generic function and a closure.
#[inline(never)]
fn innermost<T: Fn(usize) -> u32>(element: T) -> u32 {
    element(std::env::args().count() + 10)
}

struct Shelf(Vec<u32>);

impl Shelf {
    #[inline(never)]
    fn outer(&self) -> u32 {
        innermost(|at| self.0[at]) + 1
    }
}

fn main() {
    println!("{}", Shelf(vec![1, 2, 3]).outer());
}
