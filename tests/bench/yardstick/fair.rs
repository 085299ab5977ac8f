// fair.rs - bench_mutex.c with tokio's tasks and mutex: the main.rs of a crate that has tokio with its feature "full".
use std::sync::{Arc, Mutex as Plain};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

fn measure(workers: usize, yields: bool) {
    const TASKS: usize = 64;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap();
    let mutex = Arc::new(Mutex::new(Vec::<u32>::with_capacity(1 << 22)));
    let turns = Arc::new(Plain::new(vec![0u64; TASKS]));
    let start = Instant::now();
    runtime.block_on(async {
        let main = tokio::spawn({
            let (mutex, turns) = (mutex.clone(), turns.clone());
            async move {
                let mut handles = Vec::new();
                for i in 0..TASKS {
                    let (mutex, turns) = (mutex.clone(), turns.clone());
                    handles.push(tokio::spawn(async move {
                        let mut mine = 0u64;
                        loop {
                            let began = start.elapsed();
                            if began > Duration::from_secs(1) {
                                break;
                            }
                            let mut waits = mutex.lock().await;
                            let got = start.elapsed();
                            if waits.len() < waits.capacity() {
                                waits.push((got - began).as_nanos() as u32);
                            }
                            mine += 1;
                            while start.elapsed() - got < Duration::from_nanos(300) {}
                            if yields {
                                tokio::task::yield_now().await;
                            }
                        }
                        turns.lock().unwrap()[i] = mine;
                    }));
                }
                for handle in handles {
                    handle.await.unwrap();
                }
            }
        });
        main.await.unwrap();
    });
    let mut turns = turns.lock().unwrap().clone();
    turns.sort();
    let mut waits = mutex.try_lock().unwrap().clone();
    waits.sort();
    let n = waits.len();
    println!(
        "tokio {}w{}: turns {} {} {}; waits us p99.9 {}, max {}",
        workers,
        if yields { " yields" } else { "" },
        turns[0],
        turns[TASKS / 2],
        turns[TASKS - 1],
        waits[n - 1 - n / 1000] / 1000,
        waits[n - 1] / 1000
    );
}

fn main() {
    for workers in 1..=2 {
        measure(workers, false);
        measure(workers, true);
    }
}
