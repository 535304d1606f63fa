//! Parallel work on a sequence of inputs. The order of the inputs is kept, and memory use does not
//! depend on their number.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, available_parallelism};

/// Number of inputs that wait for each worker, and of outputs that wait for the consumer.
const QUEUE_LENGTH: usize = 1;

/// Returns the number of workers that use all cores.
pub(crate) fn worker_count() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Applies a worker to each input and passes the outputs to `consume`, in the order of the inputs.
///
/// The inputs are produced on a thread of their own, each worker runs on its own thread, and
/// `consume` runs on the calling thread. The first error, in the order of the inputs, ends the work
/// and is returned; inputs that were already produced are dropped.
#[cfg_attr(not(test), expect(dead_code, reason = "other bulk commands will use it"))]
pub(crate) fn map_in_order<I: Send, O: Send, E: Send>(
    inputs: impl Iterator<Item = Result<I, E>> + Send,
    workers: impl IntoIterator<Item = impl FnMut(I) -> Result<O, E> + Send>,
    consume: impl FnMut(O) -> Result<(), E>,
) -> Result<(), E> {
    thread::scope(|scope| {
        let outputs = start_threads(inputs, workers, |task| {
            scope.spawn(task);
        });
        consume_in_order(&outputs, consume)
    })
}

/// Applies workers to inputs like [`map_in_order`], but after an error does not wait for the
/// threads: the next input may never arrive.
pub(crate) fn map_stream_in_order<I: Send + 'static, O: Send + 'static, E: Send + 'static>(
    inputs: impl Iterator<Item = Result<I, E>> + Send + 'static,
    workers: impl IntoIterator<Item = impl FnMut(I) -> Result<O, E> + Send + 'static>,
    consume: impl FnMut(O) -> Result<(), E>,
) -> Result<(), E> {
    let mut threads = Vec::new();
    let outputs = start_threads(inputs, workers, |task| threads.push(thread::spawn(task)));
    consume_in_order(&outputs, consume)?;
    for thread in threads {
        thread.join().unwrap_or_else(|panic| resume_unwind(panic));
    }
    Ok(())
}

/// Work of one thread.
type Task<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Outputs of one worker.
type OutputQueue<O, E> = Receiver<Result<O, E>>;

/// Starts a thread that distributes the inputs in turn, and a thread for each worker. Returns the
/// outputs of each worker.
fn start_threads<'a, I: Send + 'a, O: Send + 'a, E: Send + 'a>(
    inputs: impl Iterator<Item = Result<I, E>> + Send + 'a,
    workers: impl IntoIterator<Item = impl FnMut(I) -> Result<O, E> + Send + 'a>,
    mut start: impl FnMut(Task<'a>),
) -> Vec<OutputQueue<O, E>> {
    let (mut input_queues, mut output_queues) = (Vec::new(), Vec::new());
    for worker in workers {
        let (input_sender, worker_inputs) = sync_channel(QUEUE_LENGTH);
        let (worker_outputs, output_receiver) = sync_channel(QUEUE_LENGTH);
        start(Box::new(move || run_worker(worker, &worker_inputs, &worker_outputs)));
        input_queues.push(input_sender);
        output_queues.push(output_receiver);
    }
    start(Box::new(move || {
        for (queue, input) in input_queues.iter().cycle().zip(inputs) {
            if queue.send(input).is_err() {
                break;
            }
        }
    }));
    output_queues
}

fn consume_in_order<O, E>(
    queues: &[OutputQueue<O, E>],
    mut consume: impl FnMut(O) -> Result<(), E>,
) -> Result<(), E> {
    // A queue without a further output follows the last output: the inputs were distributed in the
    // same order.
    for queue in queues.iter().cycle() {
        let Ok(output) = queue.recv() else { break };
        consume(output?)?;
    }
    Ok(())
}

fn run_worker<I, O, E>(
    mut worker: impl FnMut(I) -> Result<O, E>,
    inputs: &Receiver<Result<I, E>>,
    outputs: &SyncSender<Result<O, E>>,
) {
    for input in inputs {
        if outputs.send(input.and_then(&mut worker)).is_err() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn outputs_have_the_order_of_inputs() {
        for worker_count in 1..=3 {
            let workers = std::iter::repeat_n(
                |number: u64| {
                    // Later inputs are often ready first.
                    thread::sleep(Duration::from_micros(number * 7 % 5 * 100));
                    Ok::<_, Infallible>(number)
                },
                worker_count,
            );
            let mut outputs = Vec::new();
            let Ok(()) = map_in_order((0..100).map(Ok), workers, |output| {
                outputs.push(output);
                Ok(())
            });
            assert!(outputs.iter().copied().eq(0..100), "{outputs:?}");
        }
    }

    #[test]
    fn first_error_ends_the_work() {
        let produced_count = AtomicUsize::new(0);
        let inputs = (0..1_000_000).map(|number| {
            produced_count.fetch_add(1, Ordering::Relaxed);
            if number == 40 { Err("input") } else { Ok(number) }
        });
        let worker = |number| if number == 30 { Err("worker") } else { Ok(number) };
        let mut outputs = Vec::new();
        let result = map_in_order(inputs, [worker; 2], |output| {
            outputs.push(output);
            if output == 20 { Err("consumer") } else { Ok(()) }
        });
        assert_eq!(result, Err("consumer"));
        assert!(outputs.iter().copied().eq(0..=20), "{outputs:?}");
        assert!(produced_count.load(Ordering::Relaxed) < 100);
        let result = map_in_order((0..50).map(Ok), [worker; 2], |_| Ok(()));
        assert_eq!(result, Err("worker"));
        let inputs = (0..50).map(|number| if number == 25 { Err("input") } else { Ok(number) });
        assert_eq!(map_in_order(inputs, [worker; 2], |_| Ok(())), Err("input"));
    }

    #[test]
    fn stream_ends_while_it_waits_for_input() {
        for worker_count in 1..=3 {
            let (sender, receiver) = sync_channel(8);
            (0..8).for_each(|number| sender.send(Ok(number)).unwrap());
            let workers = std::iter::repeat_n(Ok, worker_count);
            let mut outputs = Vec::new();
            let result = map_stream_in_order(receiver.into_iter(), workers, |output: u64| {
                outputs.push(output);
                if output == 5 { Err("consumer") } else { Ok(()) }
            });
            assert_eq!((result, outputs), (Err("consumer"), (0..=5).collect()));
            drop(sender);
        }
    }

    #[test]
    #[should_panic(expected = "input")]
    fn panic_of_a_stream_is_propagated() {
        let inputs = (0..10).map(|number| if number == 3 { panic!("input") } else { Ok(number) });
        let _ = map_stream_in_order(inputs, [Ok::<i32, ()>; 2], |_| Ok(()));
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn panic_of_a_worker_is_propagated() {
        let worker = |number: i32| if number == 3 { panic!("worker") } else { Ok::<_, ()>(number) };
        let _ = map_in_order((0..10).map(Ok), [worker; 2], |_| Ok(()));
    }
}
