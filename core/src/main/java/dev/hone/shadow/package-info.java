/**
 * A second opinion: a sampled share of what the fast model answers is run on the slow one too, so
 * that somebody is told when they begin to disagree.
 *
 * <pre>{@code
 * Session session = Shadow.of(fast, baseline, ShadowPolicy.DEFAULT);
 * }</pre>
 *
 * <p>{@link dev.hone.shadow.Shadow} is the session to hold, {@link dev.hone.shadow.ShadowPolicy}
 * says how often to look and what counts as agreement, {@link dev.hone.shadow.ShadowReference} is
 * what was normal when the model was made, {@link dev.hone.shadow.ShadowStats} what was found.
 */
@NullMarked
package dev.hone.shadow;

import org.jspecify.annotations.NullMarked;
