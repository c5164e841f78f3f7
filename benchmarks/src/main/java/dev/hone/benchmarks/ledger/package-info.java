/** Every figure that the library claims or aims at, and what was measured for it. */
@NullMarked
package dev.hone.benchmarks.ledger;

import org.jspecify.annotations.NullMarked;
