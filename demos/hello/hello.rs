// What a container is given: arguments, environment, standard input and files.
use std::io::Read;

fn main() {
    println!("Hello from Rust!");
    for (i, argument) in std::env::args().enumerate().skip(1) {
        println!("argument {i}: {argument}");
    }
    for (name, value) in std::env::vars().filter(|(name, _)| name.starts_with("HELLO_")) {
        println!("{name}={value}");
    }
    let mut input = String::new();
    if std::io::stdin().read_to_string(&mut input).is_ok() && !input.is_empty() {
        println!("standard input: {}", input.trim_end());
    }
    if let Ok(greeting) = std::fs::read_to_string("/etc/hello/greeting.txt") {
        println!("/etc/hello/greeting.txt: {}", greeting.trim_end());
    }
    eprintln!("and this line is on the error stream");
}
