/** One page that shows a run: HTML with pictures, Markdown, JSON. */
@NullMarked
package dev.hone.benchmarks.report;

import org.jspecify.annotations.NullMarked;
