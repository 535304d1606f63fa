//! Parallel work on a sequence of inputs. The order of the inputs is kept, and memory use does not
//! depend on their number.

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
pub(crate) fn map_in_order<I: Send, O: Send, E: Send>(
    inputs: impl Iterator<Item = Result<I, E>> + Send,
    workers: impl IntoIterator<Item = impl FnMut(I) -> Result<O, E> + Send>,
    mut consume: impl FnMut(O) -> Result<(), E>,
) -> Result<(), E> {
    thread::scope(|scope| {
        let (input_queues, output_queues): (Vec<_>, Vec<_>) = workers
            .into_iter()
            .map(|worker| {
                let (input_sender, inputs) = sync_channel(QUEUE_LENGTH);
                let (outputs, output_receiver) = sync_channel(QUEUE_LENGTH);
                scope.spawn(move || run_worker(worker, &inputs, &outputs));
                (input_sender, output_receiver)
            })
            .unzip();
        scope.spawn(move || {
            for (queue, input) in input_queues.iter().cycle().zip(inputs) {
                if queue.send(input).is_err() {
                    break;
                }
            }
        });
        // A queue without a further output follows the last output: the inputs were distributed in
        // the same order.
        for queue in output_queues.iter().cycle() {
            let Ok(output) = queue.recv() else { break };
            consume(output?)?;
        }
        Ok(())
    })
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
    #[should_panic(expected = "a scoped thread panicked")]
    fn panic_of_a_worker_is_propagated() {
        let worker = |number: i32| if number == 3 { panic!("worker") } else { Ok::<_, ()>(number) };
        let _ = map_in_order((0..10).map(Ok), [worker; 2], |_| Ok(()));
    }
}
