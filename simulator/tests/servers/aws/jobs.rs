use std::time::Duration;

use serde_json::{Value, json};
use telit_simulator::servers::aws::{AwsIot, JobRefused, JobStatus, Policy};

use super::super::client::{Secured, within};
use super::super::mqtt::Mqtt;
use super::{Device, is_quiet, json_on, options, started};

const JOBS: &str = "$aws/things/T1/jobs";

async fn device() -> (AwsIot, Mqtt<Secured>) {
    let aws = started(options()).await;
    let client = Device::new(&aws, "T1", Policy::everything()).connected(&aws, "T1").await;
    (aws, client)
}

/// Asks, and takes the answer, to which nobody has subscribed.
async fn ask(client: &mut Mqtt<Secured>, request: &str, payload: Value, suffix: &str) -> Value {
    client.publish(0x00, &format!("{JOBS}/{request}"), payload.to_string().as_bytes()).await;
    let answer = json_on(client, &format!("{JOBS}/{request}/{suffix}")).await;
    assert!(answer["timestamp"].is_u64(), "{answer}");
    answer
}

#[tokio::test]
async fn a_device_works_through_its_jobs() {
    within(async {
        let (aws, mut client) = device().await;
        let document = json!({ "operation": "update", "url": "ftps://files.test/image" });
        aws.create_job("job-1", document.clone(), &["T1", "T2"]).unwrap();
        aws.create_job("job-2", json!({}), &["T1"]).unwrap();
        assert_eq!(aws.create_job("job-1", json!({}), &[]), Err(JobRefused::Exists("job-1".to_owned())));
        assert_eq!(aws.create_job("job/1", json!({}), &[]), Err(JobRefused::InvalidId("job/1".to_owned())));

        let list = ask(&mut client, "get", json!({ "clientToken": "a" }), "accepted").await;
        assert_eq!((&list["clientToken"], &list["inProgressJobs"]), (&json!("a"), &json!([])));
        let queued = list["queuedJobs"].as_array().unwrap();
        let ids: Vec<&Value> = queued.iter().map(|job| &job["jobId"]).collect();
        assert_eq!(ids, [&json!("job-1"), &json!("job-2")]);
        assert_eq!((&queued[0]["versionNumber"], &queued[0]["executionNumber"]), (&json!(1), &json!(1)));

        let next = ask(&mut client, "$next/get", json!({}), "accepted").await;
        assert_eq!(next["execution"]["jobId"], "job-1");
        assert_eq!(next["execution"]["status"], "QUEUED");

        let request = json!({ "statusDetails": { "step": "download" }, "clientToken": "b" });
        let started = ask(&mut client, "start-next", request.clone(), "accepted").await;
        let execution = &started["execution"];
        for (name, expected) in [
            ("jobId", json!("job-1")),
            ("thingName", json!("T1")),
            ("jobDocument", document),
            ("status", json!("IN_PROGRESS")),
            ("statusDetails", json!({ "step": "download" })),
            ("versionNumber", json!(2)),
            ("executionNumber", json!(1)),
        ] {
            assert_eq!(execution[name], expected, "{name}");
        }
        assert!(execution["queuedAt"].is_u64() && execution["startedAt"].is_u64());
        // What has begun is not begun again.
        let again = ask(&mut client, "start-next", json!({}), "accepted").await;
        assert_eq!(again["execution"], *execution);

        let update = json!({
            "status": "SUCCEEDED", "expectedVersion": "2", "includeJobExecutionState": true,
            "statusDetails": { "step": "done" }
        });
        let updated = ask(&mut client, "job-1/update", update, "accepted").await;
        let state = json!({ "status": "SUCCEEDED", "statusDetails": { "step": "done" }, "versionNumber": 3 });
        assert_eq!(updated["executionState"], state);
        let execution = aws.job_execution("job-1", "T1").unwrap();
        assert_eq!((execution.status, execution.version), (JobStatus::Succeeded, 3));
        assert_eq!(aws.job_execution("job-1", "T2").unwrap().status, JobStatus::Queued);
        assert_eq!(aws.wait_for_job("job-1", "T1", JobStatus::InProgress).await.version, 2);

        let next = ask(&mut client, "start-next", json!({}), "accepted").await;
        assert_eq!(next["execution"]["jobId"], "job-2");
        ask(&mut client, "job-2/update", json!({ "status": "FAILED" }), "accepted").await;
        let none = ask(&mut client, "start-next", json!({}), "accepted").await;
        assert_eq!(none.get("execution"), None);
        is_quiet(&mut client).await;
    })
    .await;
}

#[tokio::test]
async fn who_has_subscribed_is_told_of_changes() {
    within(async {
        let (aws, mut client) = device().await;
        client.subscribe(&format!("{JOBS}/notify"), 1).await;
        client.subscribe(&format!("{JOBS}/notify-next"), 1).await;
        aws.create_job("one", json!({ "n": 1 }), &["T1"]).unwrap();
        let notice = json_on(&mut client, &format!("{JOBS}/notify")).await;
        assert_eq!(notice["jobs"]["QUEUED"][0]["jobId"], "one");
        let next = json_on(&mut client, &format!("{JOBS}/notify-next")).await;
        assert_eq!(
            (&next["execution"]["jobId"], &next["execution"]["jobDocument"]),
            (&json!("one"), &json!({ "n": 1 }))
        );

        // The second one changes the list, but not what is next.
        aws.create_job("two", json!({}), &["T1"]).unwrap();
        let notice = json_on(&mut client, &format!("{JOBS}/notify")).await;
        assert_eq!(notice["jobs"]["QUEUED"].as_array().unwrap().len(), 2);
        // To begin changes neither.
        ask(&mut client, "start-next", json!({}), "accepted").await;
        is_quiet(&mut client).await;

        assert!(aws.cancel_job("one"));
        let notice = json_on(&mut client, &format!("{JOBS}/notify")).await;
        assert_eq!(notice["jobs"]["QUEUED"][0]["jobId"], "two");
        assert_eq!(json_on(&mut client, &format!("{JOBS}/notify-next")).await["execution"]["jobId"], "two");
        assert_eq!(aws.job_execution("one", "T1").unwrap().status, JobStatus::Canceled);

        ask(&mut client, "two/update", json!({ "status": "REJECTED" }), "accepted").await;
        assert_eq!(json_on(&mut client, &format!("{JOBS}/notify")).await["jobs"], json!({}));
        assert_eq!(json_on(&mut client, &format!("{JOBS}/notify-next")).await.get("execution"), None);
        assert!(!aws.cancel_job("three"));
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_rejected_with_its_code() {
    within(async {
        let (aws, mut client) = device().await;
        aws.create_job("job", json!({ "n": 1 }), &["T1"]).unwrap();
        let update = |field: &str, value: Value| {
            let mut request = json!({ "status": "IN_PROGRESS" });
            request[field] = value;
            request
        };
        for (request, payload, code) in [
            ("job/update", json!([]), "InvalidJson"),
            ("job/update", json!({}), "InvalidRequest"),
            ("job/update", update("status", json!("QUEUED")), "InvalidRequest"),
            ("job/update", update("statusDetails", json!({ "a": 1 })), "InvalidRequest"),
            ("job/update", update("stepTimeoutInMinutes", json!(0)), "InvalidRequest"),
            ("job/update", update("stepTimeoutInMinutes", json!(10_081)), "InvalidRequest"),
            ("job/update", update("clientToken", json!("t".repeat(65))), "InvalidRequest"),
            ("job/update", update("executionNumber", json!(2)), "ResourceNotFound"),
            ("none/update", update("clientToken", json!("t")), "ResourceNotFound"),
            ("$next/update", update("clientToken", json!("t")), "InvalidTopic"),
            ("none/get", json!({}), "ResourceNotFound"),
            ("j b/get", json!({}), "InvalidTopic"),
        ] {
            let rejected = ask(&mut client, request, payload.clone(), "rejected").await;
            assert_eq!(rejected["code"], code, "{request} {payload}");
        }
        let rejected = ask(&mut client, "job/update", update("expectedVersion", json!(7)), "rejected").await;
        assert_eq!(rejected["code"], "VersionMismatch");
        let state = json!({ "status": "QUEUED", "statusDetails": {}, "versionNumber": 1 });
        assert_eq!(rejected["executionState"], state);

        let described = ask(&mut client, "job/get", json!({ "includeJobDocument": false }), "accepted").await;
        assert_eq!(described["execution"].get("jobDocument"), None);
        let updated =
            ask(&mut client, "job/update", update("includeJobDocument", json!(true)), "accepted").await;
        assert_eq!((&updated["jobDocument"], updated.get("executionState")), (&json!({ "n": 1 }), None));
        ask(&mut client, "job/update", json!({ "status": "SUCCEEDED" }), "accepted").await;
        let rejected = ask(&mut client, "job/update", update("clientToken", json!("t")), "rejected").await;
        assert_eq!(
            (&rejected["code"], &rejected["clientToken"]),
            (&json!("InvalidStateTransition"), &json!("t"))
        );
        let rejected = ask(&mut client, "job/get", json!({}), "rejected").await;
        assert_eq!(rejected["code"], "TerminalStateReached");
        is_quiet(&mut client).await;
    })
    .await;
}

#[tokio::test]
async fn a_step_that_takes_too_long_ends_the_job() {
    within(async {
        let (aws, mut client) = device().await;
        client.subscribe(&format!("{JOBS}/notify"), 1).await;
        for (job, step, over) in [("kept", -1, false), ("late", 2, true)] {
            aws.create_job(job, json!({}), &["T1"]).unwrap();
            json_on(&mut client, &format!("{JOBS}/notify")).await;
            ask(&mut client, "start-next", json!({ "stepTimeoutInMinutes": 1 }), "accepted").await;
            let update = json!({ "status": "IN_PROGRESS", "stepTimeoutInMinutes": step });
            ask(&mut client, &format!("{job}/update"), update, "accepted").await;
            aws.advance(Duration::from_secs(110));
            is_quiet(&mut client).await;
            aws.advance(Duration::from_secs(10));
            if over {
                json_on(&mut client, &format!("{JOBS}/notify")).await;
                aws.wait_for_job(job, "T1", JobStatus::TimedOut).await;
            } else {
                ask(&mut client, &format!("{job}/update"), json!({ "status": "SUCCEEDED" }), "accepted")
                    .await;
                json_on(&mut client, &format!("{JOBS}/notify")).await;
            }
        }
    })
    .await;
}
