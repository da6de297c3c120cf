//! The options of a counter.

use std::sync::OnceLock;

use super::{Counter, CounterFormat};

impl Counter {
    /// Sets the format of the bytes in the node. Everyone who shares the counter must use the same format. Default
    /// [`CounterFormat::I64`].
    ///
    /// # Examples
    /// ```no_run
    /// # use zkcoord::CounterFormat;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// // Shares the node with a kazoo `Counter`.
    /// let visits = client.counter("/kazoo/visits").format(CounterFormat::Text);
    /// visits.increment().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn format(mut self, format: CounterFormat) -> Counter {
        self.format = format;
        self.ledger = OnceLock::new();
        self
    }

    /// Sets the value of a missing or empty node, which is also the value that its first change starts from. Default 0. It must
    /// be within the bounds and the format's range.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let ports = client.counter("/counters/ports").default(30_000);
    /// assert_eq!(ports.get().await?, 30_000);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn default(mut self, default: i64) -> Counter {
        self.bounds.default = default;
        self
    }

    /// Sets the least value. A change through this handle whose result is less fails with `OVERFLOW` and writes nothing, even if
    /// it would bring a value that is already too low nearer to the bound. Values that other handles wrote are read as they are.
    ///
    /// # Examples
    /// ```no_run
    /// # use zkcoord::ErrorCode;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let stock = client.counter("/stock/4711").min(0);
    /// match stock.add(-3).await {
    ///     Ok(left) => println!("sold 3, {left} left"),
    ///     Err(error) if error.code() == ErrorCode::Overflow => println!("sold out"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn min(mut self, min: i64) -> Counter {
        self.bounds.min = Some(min);
        self
    }

    /// Sets the greatest value. It works as [`min`](Counter::min) does.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let workers = client.counter("/counters/workers").min(0).max(8);
    /// workers.increment().await?;   // fails with `OVERFLOW` if there are 8 already
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn max(mut self, max: i64) -> Counter {
        self.bounds.max = Some(max);
        self
    }

    /// Sets whether a change whose reply is lost still has a known outcome. Default `true`. The client needs an ephemeral child of
    /// the counter's node for this.
    ///
    /// `false` is for nodes whose ACL forbids children. A change whose reply is lost is then `INDETERMINATE`, unless
    /// the node's version proves that it was not applied. A change that is made while no other is under way costs a second round
    /// trip, to read the node first: without the child, a node that was deleted and created again could not be noticed.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let hits = client.counter("/readonly/hits").exactly_once(false);
    /// hits.increment().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn exactly_once(mut self, exactly_once: bool) -> Counter {
        self.exactly_once = exactly_once;
        self.ledger = OnceLock::new();
        self
    }
}
