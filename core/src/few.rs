//! Collections of a few things. Those of the standard library are made for many, and are each in the program once for
//! every type: a map of trees takes 8 kB of code, a stable sort 10 kB.

use std::borrow::Borrow;
use std::cmp::Ordering;

/// A map in the order of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FewMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for FewMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> FewMap<K, V> {
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.find(&key) {
            Ok(at) => drop(self.0.splice(at..=at, [(key, value)])),
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|at| self.0.remove(at).1)
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(self.find(key).ok()?).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }

    /// Where it is, or where it would have to be.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }
}

/// In order; those that are equal stay in the order in which they came.
pub(crate) fn sorted<T>(things: impl IntoIterator<Item = T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut sorted = Vec::new();
    for thing in things {
        let at = sorted.partition_point(|other| compare(other, &thing).is_le());
        sorted.insert(at, thing);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_holds_the_last_value_of_each_key_in_order() {
        let mut map = FewMap::default();
        for (key, value) in [("c", 1), ("a", 2), ("b", 3), ("a", 4)] {
            map.insert(key, value);
        }
        assert_eq!(map.iter().copied().collect::<Vec<_>>(), [("a", 4), ("b", 3), ("c", 1)]);
        assert_eq!((map.get("b"), map.get("d")), (Some(&3), None));
        assert_eq!((map.remove("b"), map.remove("b"), map.get("b")), (Some(3), None, None));
    }

    #[test]
    fn equal_things_stay_in_their_order() {
        let things = [(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd'), (0, 'e')];
        assert_eq!(
            sorted(things, |(one, _), (other, _)| one.cmp(other)),
            [(0, 'e'), (1, 'b'), (1, 'd'), (2, 'a'), (2, 'c')]
        );
    }
}
