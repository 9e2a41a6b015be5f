//! Golden transcripts (see [`telit_transcript`]) on the virtual module: what their header asks for is put up, both
//! other sides are played, and the module's is compared.

mod golden;
mod header;
mod player;
mod stage;

pub(crate) use self::header::Header;
pub(crate) use self::player::play;
pub(crate) use self::stage::Stage;
