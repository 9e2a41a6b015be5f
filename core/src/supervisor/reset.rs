//! The last remedy: hardware.

use std::io;

use async_trait::async_trait;

/// Resets the module by its hardware: a pulse on its reset pin, its supply off and on, its USB port off and on.
///
/// Every closure that gives a future is one:
///
/// ```
/// use telit_core::supervisor::SupervisorOptions;
///
/// let options = SupervisorOptions::default().hardware_reset(|| async {
///     std::fs::write("/sys/class/gpio/gpio17/value", "1")?;
///     tokio::time::sleep(std::time::Duration::from_millis(300)).await;
///     std::fs::write("/sys/class/gpio/gpio17/value", "0")
/// });
/// # let _ = options;
/// ```
#[async_trait]
pub trait HardwareReset: Send + Sync {
    /// Resets it. It need not wait until the module has started.
    ///
    /// # Errors
    /// It cannot be reset. The supervisor tells and goes on.
    async fn reset(&self) -> io::Result<()>;
}

#[async_trait]
impl<F, O> HardwareReset for F
where
    F: Fn() -> O + Send + Sync,
    O: Future<Output = io::Result<()>> + Send,
{
    async fn reset(&self) -> io::Result<()> {
        self().await
    }
}
