//! A thread that owns something and does one job on it after the other.

use std::panic::AssertUnwindSafe;
use std::sync::mpsc;
use tokio::sync::oneshot;

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

/// Owns the thread. Dropping it ends the thread after the jobs that wait.
pub struct Worker<T> {
    jobs: Option<mpsc::Sender<Job<T>>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// The job panicked, or the thread is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fault inside apppwd")]
pub struct Lost;

impl<T: Send + 'static> Worker<T> {
    /// Starts a thread of that name on `owned`; `at_end` is its last job.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(
        name: &str,
        mut owned: T,
        at_end: impl FnOnce(&mut T) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel::<Job<T>>();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            for job in waiting {
                // A panic must cost one job, not all that follow: nobody could revoke any more.
                let _ = std::panic::catch_unwind(AssertUnwindSafe(|| job(&mut owned)));
            }
            at_end(&mut owned);
        })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Does a job and waits for its result. Once it is sent it is done, also if nobody waits.
    ///
    /// # Errors
    /// [`Lost`].
    pub async fn run<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Result<R, Lost> {
        let (reply, result) = oneshot::channel();
        let job: Job<T> = Box::new(move |owned| {
            let _ = reply.send(job(owned));
        });
        self.jobs.as_ref().ok_or(Lost)?.send(job).map_err(|_| Lost)?;
        result.await.map_err(|_| Lost)
    }
}

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_costs_one_job() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let worker = Worker::start("test", 1, |_| ()).unwrap();
            assert_eq!(worker.run(|_| -> u8 { panic!("on purpose") }).await, Err(Lost));
            assert_eq!(worker.run(|n| *n + 1).await, Ok(2));
        });
    }
}
