/** What it costs to watch a session, and what watching finds. */
@NullMarked
package dev.hone.benchmarks.monitoring;

import org.jspecify.annotations.NullMarked;
