//! Ports that have appeared and were not taken in.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::name::ModuleName;
use crate::supervisor::PortSource;

/// Whoever follows ports tells of each once, so what was refused is kept until there is room for it. First come, first
/// served.
#[derive(Default)]
pub(super) struct Refused {
    ports: VecDeque<(ModuleName, Arc<dyn PortSource>)>,
}

impl Refused {
    /// Keeps it, unless there are so many already. Of one name the latest port counts. Gives what is not kept: it is the
    /// user's, and is to be dropped where that harms nobody.
    pub(super) fn keep(
        &mut self,
        name: ModuleName,
        port: Arc<dyn PortSource>,
        most: usize,
    ) -> Option<Arc<dyn PortSource>> {
        if let Some((_, kept)) = self.ports.iter_mut().find(|(known, _)| *known == name) {
            return Some(std::mem::replace(kept, port));
        }
        if self.ports.len() >= most {
            return Some(port);
        }
        self.ports.push_back((name, port));
        None
    }

    pub(super) fn forget(&mut self, name: &ModuleName) -> Option<Arc<dyn PortSource>> {
        self.take(|known| known == name).map(|(_, port)| port)
    }

    /// The first one that is welcome.
    pub(super) fn take(
        &mut self,
        is_welcome: impl Fn(&ModuleName) -> bool,
    ) -> Option<(ModuleName, Arc<dyn PortSource>)> {
        let index = self.ports.iter().position(|(name, _)| is_welcome(name))?;
        self.ports.remove(index)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ports.is_empty()
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ports.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::BoxedStream;

    /// A port that is told from others by its line rate.
    struct Port(u32);

    #[async_trait::async_trait]
    impl PortSource for Port {
        async fn open(&self) -> std::io::Result<BoxedStream> {
            std::future::pending().await
        }

        fn line_rate(&self) -> Option<u32> {
            Some(self.0)
        }
    }

    fn name(text: &str) -> ModuleName {
        text.parse().unwrap()
    }

    #[test]
    fn so_many_are_kept_the_latest_of_each_name_and_the_first_comes_first() {
        let mut refused = Refused::default();
        let mut keep = |text, rate| {
            let port = refused.keep(name(text), Arc::new(Port(rate)), 3);
            port.and_then(|port| port.line_rate())
        };
        assert_eq!(keep("b", 1), None);
        assert_eq!(keep("a", 2), None);
        assert_eq!(keep("c", 3), None);
        assert_eq!(keep("b", 4), Some(1), "the earlier port");
        assert_eq!(keep("d", 5), Some(5), "there are three");
        let found = refused.take(|known| *known != name("a")).map(|(name, port)| (name, port.line_rate()));
        assert_eq!(found, Some((name("b"), Some(4))));
        assert_eq!(refused.forget(&name("d")).and_then(|port| port.line_rate()), None);
        assert_eq!(refused.forget(&name("c")).and_then(|port| port.line_rate()), Some(3));
        assert_eq!(refused.take(|_| true).map(|(name, _)| name), Some(name("a")));
        assert!(refused.is_empty());
    }
}
