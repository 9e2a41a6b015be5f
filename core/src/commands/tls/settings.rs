//! Numeric settings of a TLS socket.

use crate::at::{Command, CommandLine, Exchange, Expect, Fields, InvalidValue, Reply, UnexpectedReply};
use crate::commands::{query, setting};

/// `AT#SSLEN=<id>,<0|1>`. Source: M37 p893-894.
#[derive(Clone, Copy, Debug)]
pub struct EnableSockets {
    /// The TLS socket.
    pub socket: u8,
    /// On or off.
    pub on: bool,
}

impl Command for EnableSockets {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(setting(CommandLine::set("#SSLEN").number(self.socket).number(u8::from(self.on)).build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#CPUMODE=<mode>`: how fast the processor runs. Source: SSL guide 7.
#[derive(Clone, Copy, Debug)]
pub struct SetProcessorMode(pub u8);

impl Command for SetProcessorMode {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(setting(CommandLine::set("#CPUMODE").number(self.0).build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// One value of a numeric setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingValue {
    /// A decimal number.
    Number(u32),
    /// A cipher suite in hexadecimal.
    Hex(u16),
}

impl SettingValue {
    /// The value that a read form printed: decimal, or hexadecimal behind `0x`.
    #[must_use]
    pub fn read(printed: &str) -> Option<Self> {
        match printed.strip_prefix("0x").or_else(|| printed.strip_prefix("0X")) {
            Some(digits) => u16::from_str_radix(digits, 16).ok().map(Self::Hex),
            None => printed.parse().ok().map(Self::Number),
        }
    }

    /// Whether this is what a read form printed. Hexadecimal may come back in either case.
    fn is(self, printed: &str) -> bool {
        Self::read(printed) == Some(self)
    }
}

/// A command that holds nothing but numbers for one TLS socket: `#SSLCFG`, `#SSLSECCFG`, `#SSLSECCFG2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteSetting {
    /// The command's name.
    pub name: &'static str,
    /// The TLS socket.
    pub socket: u8,
    /// The values behind it.
    pub values: Vec<SettingValue>,
}

impl WriteSetting {
    /// Whether the module already holds exactly these values, by what its read form printed.
    #[must_use]
    pub fn is_held(&self, printed: Option<&[String]>) -> bool {
        let Some(printed) = printed else {
            return false;
        };
        printed.len() >= self.values.len()
            && self.values.iter().zip(printed).all(|(value, printed)| value.is(printed))
    }
}

impl Command for WriteSetting {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let first = CommandLine::set(self.name).number(self.socket);
        let line = self.values.iter().fold(first, |line, value| match value {
            SettingValue::Number(number) => line.number(*number),
            SettingValue::Hex(number) => line.hex(*number),
        });
        Ok(setting(line.build()?))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// The read form of such a command: the values behind the socket's number, if there is a line for it.
#[derive(Clone, Copy, Debug)]
pub struct ReadSetting {
    /// The command's name.
    pub name: &'static str,
    /// The TLS socket.
    pub socket: u8,
}

impl Command for ReadSetting {
    type Response = Option<Vec<String>>;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::read(self.name), Expect::lines(self.name)))
    }

    fn parse(&self, reply: &Reply) -> Result<Option<Vec<String>>, UnexpectedReply> {
        Ok(reply.values(self.name).iter().find_map(|line| {
            let fields = Fields::parse(line);
            let ours = fields.number::<u8>(0) == Some(self.socket);
            ours.then(|| (1..fields.len()).filter_map(|i| fields.text(i).map(str::to_owned)).collect())
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::line;
    use super::*;

    #[test]
    fn exact_lines() {
        assert_eq!(line(&EnableSockets { socket: 1, on: true }), "AT#SSLEN=1,1");
        assert_eq!(line(&SetProcessorMode(2)), "AT#CPUMODE=2");
        let values = vec![SettingValue::Hex(0xc02f), SettingValue::Number(2)];
        assert_eq!(line(&WriteSetting { name: "#SSLSECCFG", socket: 1, values }), "AT#SSLSECCFG=1,0xC02F,2");
        assert_eq!(line(&ReadSetting { name: "#SSLCFG", socket: 1 }), "AT#SSLCFG?");
    }

    #[test]
    fn unchanged_settings_are_recognised() {
        let values = vec![SettingValue::Hex(0xc02f), SettingValue::Number(2)];
        let setting = WriteSetting { name: "#SSLSECCFG", socket: 1, values };
        let read = ReadSetting { name: "#SSLSECCFG", socket: 1 };
        let held = |line| setting.is_held(read.parse(&Reply::new([line], "")).unwrap().as_deref());
        assert!(held("#SSLSECCFG: 1,0xc02f,2"));
        assert!(held("#SSLSECCFG:1,0xC02F,2,1"));
        assert!(!held("#SSLSECCFG: 1,0xc030,2"));
        assert!(!held("#SSLSECCFG: 2,0xc02f,2"));
        assert!(!held("#SSLSECCFG: 1,0xc02f"));
    }
}
