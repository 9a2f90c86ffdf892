use super::*;
use crate::config::Argon2Config;
use crate::key::{self, ActiveKeys, Keyring};
use crate::store::{AccountId, Scheme};
use apppw_admin::AppPasswordId;

fn flights(workers: usize, queue: usize) -> Rc<Flights> {
    let dir = tempfile::tempdir().unwrap();
    let found = key::create(dir.path(), 1).unwrap();
    let keys = Keyring::new(&found.keys.unwrap(), &found.place.path).unwrap();
    let keys = ActiveKeys::new(keys).shared();
    let config = Argon2Config { workers, queue, ..Argon2Config::default() };
    Rc::new(Flights::new(Pool::start(&config, keys).unwrap()))
}

fn like(memory_kib: u32) -> Hash {
    let scheme = Scheme::Argon2id;
    Hash { scheme, key: 1, memory_kib, iterations: 1, parallelism: 1, salt: [3; 16], value: [0; 32] }
}

fn secret(value: u8) -> Secret {
    Secret::from_values(&[value; 15]).unwrap()
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test)
}

const PHONE: Owned = Owned { id: AppPasswordId::from_bits(1), account: AccountId([1; 16]) };

#[test]
fn the_right_secret_has_the_hash_and_another_has_not() {
    run(async {
        let flights = flights(1, 8);
        let hash = flights.compute(&like(64), PHONE, &secret(1)).await.unwrap();
        assert_eq!(flights.verify(PHONE, &hash, &secret(1)).await, Ok(true));
        assert_eq!(flights.verify(PHONE, &hash, &secret(2)).await, Ok(false));
        for moved in [
            Owned { id: AppPasswordId::from_bits(2), ..PHONE },
            Owned { account: AccountId([2; 16]), ..PHONE },
        ] {
            assert_eq!(flights.verify(moved, &hash, &secret(1)).await, Ok(false), "{moved:?}");
        }
        assert_eq!(
            flights.verify(PHONE, &Hash { key: 2, ..hash }, &secret(1)).await,
            Err(PoolError::BadHash)
        );
    });
}

#[test]
fn four_at_once_cost_one_computation() {
    run(async {
        let flights = flights(1, 8);
        let hash = flights.compute(&like(8192), PHONE, &secret(1)).await.unwrap();
        let before = flights.pool().runs();
        let same = secret(1);
        let (a, b, c, d) = tokio::join!(
            flights.verify(PHONE, &hash, &same),
            flights.verify(PHONE, &hash, &same),
            flights.verify(PHONE, &hash, &same),
            flights.verify(PHONE, &hash, &same),
        );
        assert_eq!([a, b, c, d], [Ok(true); 4]);
        assert_eq!(flights.pool().runs() - before, 1);
    });
}

#[test]
fn a_wrong_secret_never_rides_on_a_right_one() {
    run(async {
        let flights = flights(1, 8);
        let hash = flights.compute(&like(8192), PHONE, &secret(1)).await.unwrap();
        let (right, wrong) = (secret(1), secret(2));
        let (a, b) = tokio::join!(flights.verify(PHONE, &hash, &right), flights.verify(PHONE, &hash, &wrong));
        assert_eq!((a, b), (Ok(true), Ok(false)));
    });
}

#[test]
fn work_that_nobody_waits_for_is_dropped() {
    run(async {
        let flights = flights(1, 64);
        let slow = like(65_536);
        let hash = flights.compute(&like(64), PHONE, &secret(1)).await.unwrap();
        let before = flights.pool().runs();
        // The first occupies the worker; the others give up while they wait.
        let busy = secret(9);
        let first = flights.compute(&slow, PHONE, &busy);
        let given_up = async {
            for i in 0..20 {
                let guess = secret(i);
                let wait = flights.verify(PHONE, &hash, &guess);
                let _ = tokio::time::timeout(std::time::Duration::from_micros(200), wait).await;
            }
        };
        let (first, ()) = tokio::join!(first, given_up);
        first.unwrap();
        // Whoever comes last is still served.
        assert_eq!(flights.verify(PHONE, &hash, &secret(1)).await, Ok(true));
        let runs = flights.pool().runs() - before;
        assert!(runs < 12, "{runs} of 22 computations were run");
    });
}

#[test]
fn a_full_queue_says_so_at_once() {
    run(async {
        let flights = flights(1, 2);
        let slow = like(65_536);
        let secrets: Vec<Secret> = (0..6).map(secret).collect();
        let all = secrets.iter().map(|secret| {
            let (flights, secret) = (Rc::clone(&flights), secret.clone());
            tokio::task::spawn_local(async move { flights.compute(&slow, PHONE, &secret).await })
        });
        let mut overloaded = 0;
        for task in all.collect::<Vec<_>>() {
            overloaded += usize::from(task.await.unwrap() == Err(PoolError::Overloaded));
        }
        assert!((3..=4).contains(&overloaded), "{overloaded}");
    });
}

#[test]
fn parameters_beyond_the_caps_are_not_computed() {
    run(async {
        let flights = flights(1, 2);
        let monstrous = like(Argon2Config::ALWAYS_COMPUTED_KIB + 1);
        assert_eq!(flights.compute(&monstrous, PHONE, &secret(1)).await, Err(PoolError::BadHash));
        assert_eq!(flights.pool().runs(), 0);
    });
}
