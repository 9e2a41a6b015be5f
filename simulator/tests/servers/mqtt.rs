//! MQTT by hand.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// MQTT 3.1.1 by hand. Section numbers are those of the standard.
pub(crate) struct Mqtt<S> {
    pub(crate) stream: S,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Mqtt<S> {
    /// 3.1, clean session, keep-alive 60 s.
    pub(crate) async fn connect(stream: S, id: &str, login: Option<(&str, &str)>) -> Self {
        let mut mqtt = Self { stream };
        let mut body = b"\x00\x04MQTT\x04".to_vec();
        body.push(if login.is_some() { 0xC2 } else { 0x02 });
        body.extend([0, 60]);
        body.extend(text(id));
        if let Some((user, password)) = login {
            body.extend(text(user));
            body.extend(text(password));
        }
        mqtt.write(0x10, &body).await;
        mqtt
    }

    /// 3.1 with these flags and this keep-alive; `fields` are what follows them.
    pub(crate) async fn connect_with(stream: S, flags: u8, keep_alive: u16, fields: &[&str]) -> Self {
        let mut mqtt = Self { stream };
        let mut body = b"\x00\x04MQTT\x04".to_vec();
        body.push(flags);
        body.extend(keep_alive.to_be_bytes());
        fields.iter().for_each(|field| body.extend(text(field)));
        mqtt.write(0x10, &body).await;
        mqtt
    }

    pub(crate) async fn connected(stream: S, id: &str) -> Self {
        let mut mqtt = Self::connect(stream, id, None).await;
        assert_eq!(mqtt.read().await, (0x20, vec![0, 0]), "CONNACK");
        mqtt
    }

    /// 3.8
    pub(crate) async fn subscribe(&mut self, filter: &str, qos: u8) {
        let mut body = vec![0, 1];
        body.extend(text(filter));
        body.push(qos);
        self.write(0x82, &body).await;
        assert_eq!(self.read().await, (0x90, vec![0, 1, qos]), "SUBACK");
    }

    /// 3.3; `flags` are the low half of the first byte.
    pub(crate) async fn publish(&mut self, flags: u8, topic: &str, payload: &[u8]) {
        let mut body = text(topic);
        if flags & 0x06 != 0 {
            body.extend([0, 7]);
        }
        body.extend(payload);
        self.write(0x30 | flags, &body).await;
    }

    pub(crate) async fn write(&mut self, header: u8, body: &[u8]) {
        let mut packet = vec![header];
        let mut length = body.len();
        loop {
            let digit = u8::try_from(length % 128).unwrap();
            length /= 128;
            packet.push(if length > 0 { digit | 0x80 } else { digit });
            if length == 0 {
                break;
            }
        }
        packet.extend(body);
        // A broker that refuses may close before all is written.
        if let Err(error) = self.stream.write_all(&packet).await {
            eprintln!("ended with {error}");
        }
    }

    pub(crate) async fn read(&mut self) -> (u8, Vec<u8>) {
        let header = self.stream.read_u8().await.unwrap();
        let mut length = 0;
        for shift in [0, 7, 14, 21] {
            let digit = self.stream.read_u8().await.unwrap();
            length |= usize::from(digit & 0x7F) << shift;
            if digit & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
        (header, body)
    }
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}
