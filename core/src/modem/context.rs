//! The packet data context that the services use.

use super::{BringUpError, Modem};
use crate::commands::{
    ActivateContext, ActiveContexts, Attach, DefineContext, DefinedContexts, IsAttached, ProtocolContexts,
    SetProtocolContext, SetSocketContext, SocketContexts,
};
use crate::error::CommandError;
use crate::platform::{Availability, Generation};

/// Protocols of the module that have a context of their own where `#PROTOCOLCFG` exists, as far as the kit
/// uses them. Source: IPE28 11.2.
const PROTOCOLS: [&str; 3] = ["SSL", "FTP", "NTP"];

impl Modem {
    /// Everything about the context that the module keeps in flash, written only where it differs.
    pub(super) async fn prepare_context(&self) -> Result<(), BringUpError> {
        let (context, allowed) = (self.context_id(), &self.profile().context.ids);
        if !allowed.contains(&context) {
            let platform = self.profile().id;
            return Err(BringUpError::NoSuchContext { context, platform, allowed: allowed.clone() });
        }
        self.define_context(context).await?;
        // A new module refers to the usual one.
        if context != self.usual_context_id() {
            self.refer_to_context(context).await?;
        }
        if self.profile().context.protocol_config != Availability::No {
            self.bind_protocols(context).await?;
        }
        Ok(())
    }

    /// Without an access point name what the module has is left as it is; a module that has nothing gets a
    /// context without one, which stands for the network's own choice.
    async fn define_context(&self, id: u8) -> Result<(), BringUpError> {
        let wanted = self.inner.options.apn.as_deref();
        let defined = self.run(DefinedContexts).await?;
        let fits = |apn: &str| wanted.is_none_or(|wanted| wanted == apn);
        if defined.iter().any(|context| context.id == id && fits(&context.apn)) {
            return Ok(());
        }
        let apn = wanted.unwrap_or_default().to_owned();
        Ok(self.run(DefineContext { id, apn }).await?)
    }

    /// A context that no plain socket refers to cannot be activated. Gives whether one had to be tied to it.
    /// Source: SSL guide 5; M37 p701, p711; IPE28 p63-66.
    async fn refer_to_context(&self, id: u8) -> Result<bool, BringUpError> {
        let mut sockets = self.run(SocketContexts).await?;
        if sockets.iter().any(|socket| socket.context == id) {
            return Ok(false);
        }
        let Some(mut last) = sockets.pop() else {
            return Ok(false);
        };
        last.context = id;
        self.run(SetSocketContext(last)).await?;
        Ok(true)
    }

    /// Some builds bind their protocols to another context than the one that the settings of TLS name, and
    /// no source says which of the two counts, so they are made the same. Source: IPE28 11.2.
    async fn bind_protocols(&self, context: u8) -> Result<(), BringUpError> {
        let bound = match self.run(ProtocolContexts).await {
            Ok(bound) => bound,
            Err(CommandError::Refused { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        for protocol in PROTOCOLS {
            if bound.iter().any(|(name, held)| name == protocol && *held != context) {
                self.run(SetProtocolContext { protocol, context }).await?;
            }
        }
        Ok(())
    }

    /// LTE attaches by itself. Source: QS5 p12.
    pub(super) async fn attach(&self) -> Result<(), BringUpError> {
        if self.profile().generation == Generation::G4 || self.run(IsAttached).await? {
            return Ok(());
        }
        let context = self.context_id();
        self.run(Attach).await.map_err(|reason| BringUpError::Context { context, reason })
    }

    pub(super) async fn activate_context(&self) -> Result<Option<String>, BringUpError> {
        let context = self.context_id();
        if self.run(ActiveContexts).await?.contains(&context) {
            return Ok(None);
        }
        match self.activate(context).await {
            // Whatever becomes of the attempt to help, the refusal is what the caller has to know.
            Err(BringUpError::Context { reason: CommandError::Refused { .. }, .. })
                if self.refer_to_context(context).await.unwrap_or(false) =>
            {
                self.activate(context).await
            }
            outcome => outcome,
        }
    }

    async fn activate(&self, context: u8) -> Result<Option<String>, BringUpError> {
        match self.run(ActivateContext(context)).await {
            // Somebody was faster. Source: M37 p24 (553).
            Err(CommandError::Refused { error, .. }) if error.is(&[553], "context already activated") => {
                Ok(None)
            }
            Err(reason) => Err(BringUpError::Context { context, reason }),
            Ok(address) => Ok(address),
        }
    }
}
