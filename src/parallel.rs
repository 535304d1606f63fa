//! Parallel processing of a sequence of inputs. The outputs have the order of the inputs. Memory
//! use does not depend on the number of inputs.

use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, Builder, available_parallelism};
use std::time::Duration;

/// Maximum number of outputs in the queue of each worker. While the queue is full, the worker waits
/// before it adds its next output. Inputs are not queued: only the next input is produced in
/// advance and waits until its worker is free.
const OUTPUT_QUEUE_LENGTH: usize = 1;

/// Interval between two calls of the callback `check` of [`map_stream_in_order`], while that
/// function waits for an output.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Failure of the system to start a thread.
#[derive(Debug, thiserror::Error)]
#[error("cannot start a thread: {0}")]
pub(crate) struct ThreadError(#[from] io::Error);

/// Returns the number of available CPUs, so that each CPU can run one worker.
pub(crate) fn worker_count() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Applies a worker to each input and passes the outputs to `consume`, in the order of the inputs.
///
/// Each of the `worker_count` workers has a thread, on which `create_worker` creates the worker. A
/// further thread produces the inputs. `consume` runs on the calling thread. With a `worker_count`
/// of 0, everything runs on the calling thread. The first error, in the order of the inputs, ends
/// the processing and is returned after all threads have ended. The remaining outputs are dropped.
pub(crate) fn map_in_order<
    I: Send,
    O: Send,
    E: From<ThreadError> + Send,
    W: FnMut(I) -> Result<O, E>,
>(
    worker_count: usize,
    inputs: impl Iterator<Item = Result<I, E>> + Send,
    create_worker: impl Fn() -> Result<W, E> + Sync,
    mut consume: impl FnMut(O) -> Result<(), E>,
) -> Result<(), E> {
    if worker_count == 0 {
        let mut worker = create_worker()?;
        return inputs.map(|input| worker(input?)).try_for_each(|output| consume(output?));
    }
    thread::scope(|scope| {
        let create_workers = std::iter::repeat_n(&create_worker, worker_count);
        let outputs = start_threads(inputs, create_workers, |task| {
            Builder::new().spawn_scoped(scope, task).map(drop)
        })?;
        consume_in_order(&outputs, || Ok(()), consume)
    })
}

/// Applies workers to inputs like [`map_in_order`], with one thread for each item of `workers`.
/// After an error, returns without waiting for the threads, because a thread may wait permanently
/// for the next input. While no output is ready, calls `check` at intervals. An error of `check`
/// also ends the processing.
pub(crate) fn map_stream_in_order<
    I: Send + 'static,
    O: Send + 'static,
    E: From<ThreadError> + Send + 'static,
>(
    inputs: impl Iterator<Item = Result<I, E>> + Send + 'static,
    workers: impl IntoIterator<Item = impl FnMut(I) -> Result<O, E> + Send + 'static>,
    check: impl FnMut() -> Result<(), E>,
    consume: impl FnMut(O) -> Result<(), E>,
) -> Result<(), E> {
    let mut threads = Vec::new();
    let create_workers = workers.into_iter().map(|worker| move || Ok(worker));
    let outputs = start_threads(inputs, create_workers, |task| {
        threads.push(Builder::new().spawn(task)?);
        Ok(())
    })?;
    consume_in_order(&outputs, check, consume)?;
    for thread in threads {
        thread.join().unwrap_or_else(|panic| resume_unwind(panic));
    }
    Ok(())
}

/// Work of one thread.
type Task<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Receiver of the outputs of one worker.
type OutputQueue<O, E> = Receiver<Result<O, E>>;

/// Starts a thread for each worker, and a thread that passes the inputs to the workers in turn: the
/// first input to the first worker, and so on. `start` must run a task on a new thread. Returns the
/// output queue of each worker.
fn start_threads<'a, I: Send + 'a, O: Send + 'a, E: Send + 'a, W: FnMut(I) -> Result<O, E>>(
    inputs: impl Iterator<Item = Result<I, E>> + Send + 'a,
    create_workers: impl IntoIterator<Item = impl FnOnce() -> Result<W, E> + Send + 'a>,
    mut start: impl FnMut(Task<'a>) -> io::Result<()>,
) -> Result<Vec<OutputQueue<O, E>>, ThreadError> {
    let (mut input_queues, mut output_queues) = (Vec::new(), Vec::new());
    for create_worker in create_workers {
        let (input_sender, worker_inputs) = sync_channel(0);
        let (worker_outputs, output_receiver) = sync_channel(OUTPUT_QUEUE_LENGTH);
        start(Box::new(move || run_worker(create_worker, &worker_inputs, &worker_outputs)))?;
        input_queues.push(input_sender);
        output_queues.push(output_receiver);
    }
    start(Box::new(move || {
        for (queue, input) in input_queues.iter().cycle().zip(inputs) {
            if queue.send(input).is_err() {
                break;
            }
        }
    }))?;
    Ok(output_queues)
}

/// Passes the outputs of all workers to `consume`, in the order of the inputs. While no output is
/// ready, calls `check` at intervals.
fn consume_in_order<O, E>(
    queues: &[OutputQueue<O, E>],
    mut check: impl FnMut() -> Result<(), E>,
    mut consume: impl FnMut(O) -> Result<(), E>,
) -> Result<(), E> {
    // The workers receive the inputs in the order of `queues`. If the queue whose turn it is has
    // ended, no queue has a further output, or the worker has panicked: then the caller panics.
    for queue in queues.iter().cycle() {
        let output = loop {
            match queue.recv_timeout(CHECK_INTERVAL) {
                Ok(output) => break output?,
                Err(RecvTimeoutError::Timeout) => check()?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        };
        consume(output)?;
    }
    Ok(())
}

/// Creates a worker and applies it to its inputs. Ends when the inputs end, or when the outputs are
/// no longer received.
fn run_worker<I, O, E, W: FnMut(I) -> Result<O, E>>(
    create_worker: impl FnOnce() -> Result<W, E>,
    inputs: &Receiver<Result<I, E>>,
    outputs: &SyncSender<Result<O, E>>,
) {
    let mut worker = match create_worker() {
        Ok(worker) => worker,
        Err(error) => {
            let _ = outputs.send(Err(error));
            return;
        }
    };
    for input in inputs {
        if outputs.send(input.and_then(&mut worker)).is_err() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::sync::atomic::{AtomicUsize, Ordering};

    impl From<ThreadError> for &'static str {
        fn from(error: ThreadError) -> Self {
            panic!("{error}")
        }
    }

    #[test]
    fn outputs_have_the_order_of_inputs() {
        let create_worker = || {
            Ok(|number: u64| {
                // The output of a later input is often ready before the output of an earlier input.
                thread::sleep(Duration::from_micros(number * 7 % 5 * 100));
                Ok::<_, &str>(number)
            })
        };
        for worker_count in 0..=3 {
            let mut outputs = Vec::new();
            let result = map_in_order(worker_count, (0..100).map(Ok), create_worker, |output| {
                outputs.push(output);
                Ok(())
            });
            assert_eq!(result, Ok(()));
            assert!(outputs.iter().copied().eq(0..100), "{outputs:?}");
        }
    }

    #[test]
    fn first_error_ends_the_processing() {
        let produced_count = AtomicUsize::new(0);
        let inputs = (0..1_000_000).map(|number| {
            produced_count.fetch_add(1, Ordering::Relaxed);
            if number == 40 { Err("input") } else { Ok(number) }
        });
        let create_worker = || Ok(|number| if number == 30 { Err("worker") } else { Ok(number) });
        let mut outputs = Vec::new();
        let result = map_in_order(2, inputs, create_worker, |output| {
            outputs.push(output);
            if output == 20 { Err("consumer") } else { Ok(()) }
        });
        assert_eq!(result, Err("consumer"));
        assert!(outputs.iter().copied().eq(0..=20), "{outputs:?}");
        assert!(produced_count.load(Ordering::Relaxed) < 100);
        let result = map_in_order(2, (0..50).map(Ok), create_worker, |_| Ok(()));
        assert_eq!(result, Err("worker"));
        let inputs = (0..50).map(|number| if number == 25 { Err("input") } else { Ok(number) });
        assert_eq!(map_in_order(2, inputs, create_worker, |_| Ok(())), Err("input"));
        let create_worker = || if false { Ok(|()| Ok(())) } else { Err("no worker") };
        let result = map_in_order(2, (0..9).map(|_| Ok(())), create_worker, |()| Ok(()));
        assert_eq!(result, Err("no worker"));
    }

    #[test]
    fn consumer_error_ends_a_stream_that_waits_for_input() {
        for worker_count in 1..=3 {
            let (sender, receiver) = sync_channel(8);
            (0..8).for_each(|number| sender.send(Ok(number)).unwrap());
            // `Ok` is a worker that returns each input unchanged.
            let workers = std::iter::repeat_n(Ok, worker_count);
            let mut outputs = Vec::new();
            let check = || Ok(());
            let result =
                map_stream_in_order(receiver.into_iter(), workers, check, |output: u64| {
                    outputs.push(output);
                    if output == 5 { Err("consumer") } else { Ok(()) }
                });
            assert_eq!((result, outputs), (Err("consumer"), (0..=5).collect()));
            drop(sender);
        }
    }

    #[test]
    fn check_ends_a_stream_that_waits_for_input() {
        let (sender, receiver) = sync_channel(1);
        sender.send(Ok(0)).unwrap();
        let output_count = Cell::new(0);
        let check = || if output_count.get() == 1 { Err("check") } else { Ok(()) };
        // `Ok` is a worker that returns each input unchanged.
        let result = map_stream_in_order(receiver.into_iter(), [Ok], check, |_: u64| {
            output_count.set(output_count.get() + 1);
            Ok(())
        });
        assert_eq!((result, output_count.get()), (Err("check"), 1));
        drop(sender);
    }

    #[test]
    fn failure_to_start_a_thread_is_an_error() {
        let inputs = (0..9).map(Ok::<i32, &str>);
        // The created worker is `Ok`, which returns each input unchanged.
        let create_workers = [|| Ok(Ok::<i32, &str>)];
        let refuse = |_: Task<'_>| Err(io::ErrorKind::WouldBlock.into());
        assert!(start_threads(inputs, create_workers, refuse).is_err());
    }

    #[test]
    #[should_panic(expected = "input")]
    fn panic_in_input_stream_is_propagated() {
        let inputs = (0..10).map(|number| if number == 3 { panic!("input") } else { Ok(number) });
        // `Ok` is a worker that returns each input unchanged.
        let _ = map_stream_in_order(inputs, [Ok::<i32, &str>; 2], || Ok(()), |_| Ok(()));
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn panic_of_a_worker_is_propagated() {
        let create_worker =
            || Ok(|number| if number == 3 { panic!("worker") } else { Ok::<_, &str>(number) });
        let _ = map_in_order(2, (0..10).map(Ok), create_worker, |_| Ok(()));
    }
}
