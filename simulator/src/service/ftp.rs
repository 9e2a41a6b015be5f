//! The link of an FTP session.

use tokio::sync::mpsc::UnboundedReceiver;

use super::{Event, FtpAnswer, FtpOrder, OpenFailure, Order, PIECE, Reporter, WINDOW};
use crate::net::Network;
use crate::net::ftp::{DataReceiver, DataSender, FtpError, Options, Session, TransferType};

pub(super) async fn run(
    network: &Network,
    options: Options,
    mut orders: UnboundedReceiver<Order>,
    reporter: &Reporter,
) {
    let session = match Session::open(network, options).await {
        Ok(session) => session,
        Err(error) => return reporter.send(Event::OpenFailed(OpenFailure::Ftp(error))),
    };
    reporter.send(Event::Opened { suite: None });
    while let Some(order) = orders.recv().await {
        match order {
            Order::Ftp(order) => obey(&session, order, &mut orders, reporter).await,
            Order::Close => {
                let result = session.close().await;
                return reporter.send(Event::FtpDone(result.map(|()| FtpAnswer::Nothing)));
            }
            _ => {}
        }
    }
}

async fn obey(
    session: &Session,
    order: FtpOrder,
    orders: &mut UnboundedReceiver<Order>,
    reporter: &Reporter,
) {
    match order {
        FtpOrder::Retrieve { path, start } => {
            download(session, session.retrieve(&path, start).await, orders, reporter).await;
        }
        FtpOrder::List(path) => {
            download(session, session.list(path.as_deref()).await, orders, reporter).await;
        }
        FtpOrder::Store { path, append: false } => {
            upload(session, session.store(&path).await, orders, reporter).await;
        }
        FtpOrder::Store { path, append: true } => {
            upload(session, session.append(&path).await, orders, reporter).await;
        }
        FtpOrder::Finish | FtpOrder::Abandon => {}
        command => reporter.send(Event::FtpDone(carry_out(session, command).await)),
    }
}

async fn carry_out(session: &Session, order: FtpOrder) -> Result<FtpAnswer, FtpError> {
    let nothing = |()| FtpAnswer::Nothing;
    match order {
        FtpOrder::Type { ascii } => {
            let transfer_type = if ascii { TransferType::Ascii } else { TransferType::Binary };
            session.set_type(transfer_type).await.map(nothing)
        }
        FtpOrder::WorkingDirectory => Ok(FtpAnswer::Lines(session.pwd().await?.lines)),
        FtpOrder::ChangeDirectory(path) => session.cwd(&path).await.map(nothing),
        FtpOrder::Delete(path) => session.delete(&path).await.map(nothing),
        FtpOrder::DeleteUnawaited(path) => session.delete_unawaited(&path).await.map(nothing),
        FtpOrder::Size(path) => session.size(&path).await.map(FtpAnswer::Size),
        FtpOrder::Command { line, expected } => {
            Ok(FtpAnswer::Lines(session.command(&line, expected).await?.lines))
        }
        FtpOrder::LastMessage => Ok(FtpAnswer::Lines(last_message(session).await)),
        _ => Ok(FtpAnswer::Nothing),
    }
}

async fn last_message(session: &Session) -> Vec<String> {
    let message = session.last_message().await;
    message.lines().map(str::to_owned).collect()
}

async fn download(
    session: &Session,
    opened: Result<DataReceiver, FtpError>,
    orders: &mut UnboundedReceiver<Order>,
    reporter: &Reporter,
) {
    let mut receiver = match opened {
        Ok(receiver) => receiver,
        Err(error) => return reporter.send(Event::FtpTransfer(Err(error))),
    };
    reporter.send(Event::FtpTransfer(Ok(())));
    let mut credit = WINDOW;
    let result = loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(Order::Credit(count)) => credit += count,
                Some(Order::Ftp(FtpOrder::Abandon)) => break Ok(()),
                Some(Order::Ftp(order)) => meanwhile(session, order, reporter).await,
                Some(Order::Close) | None => break close(session, reporter).await,
                Some(_) => {}
            },
            piece = receiver.next(credit.min(PIECE)), if credit > 0 => match piece {
                Ok(Some(piece)) => {
                    credit = credit.saturating_sub(piece.len());
                    reporter.send(Event::Data(piece));
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            },
        }
    };
    drop(receiver);
    reporter.send(Event::FtpTransferEnded(result));
}

async fn upload(
    session: &Session,
    opened: Result<DataSender, FtpError>,
    orders: &mut UnboundedReceiver<Order>,
    reporter: &Reporter,
) {
    let mut sender = match opened {
        Ok(sender) => sender,
        Err(error) => return reporter.send(Event::FtpTransfer(Err(error))),
    };
    reporter.send(Event::FtpTransfer(Ok(())));
    let result = loop {
        match orders.recv().await {
            Some(Order::Write(bytes)) => match sender.send(&bytes).await {
                Ok(()) => reporter.send(Event::Written(bytes.len())),
                Err(error) => break Err(error),
            },
            Some(Order::Ftp(FtpOrder::Finish)) => break sender.finish().await,
            Some(Order::Ftp(FtpOrder::Abandon)) => break Ok(()),
            Some(Order::Ftp(order)) => meanwhile(session, order, reporter).await,
            Some(Order::Close) | None => break close(session, reporter).await,
            Some(_) => {}
        }
    };
    reporter.send(Event::FtpTransferEnded(result));
}

/// Commands during a transfer: only the last message can be had.
async fn meanwhile(session: &Session, order: FtpOrder, reporter: &Reporter) {
    let result = match order {
        FtpOrder::LastMessage => Ok(FtpAnswer::Lines(last_message(session).await)),
        _ => Err(FtpError::Busy),
    };
    reporter.send(Event::FtpDone(result));
}

async fn close(session: &Session, reporter: &Reporter) -> Result<(), FtpError> {
    let result = session.close().await;
    reporter.send(Event::FtpDone(result.map(|()| FtpAnswer::Nothing)));
    Err(FtpError::Closed)
}
