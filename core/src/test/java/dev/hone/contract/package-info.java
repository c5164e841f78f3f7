/**
 * The contract of every runtime, as tests that its author inherits.
 *
 * <p>{@link dev.hone.contract.SessionContract} is the entry; {@link
 * dev.hone.contract.ReferenceModel} lists the handful of tiny models it asks for, each with an
 * obvious Java function that says what is right. {@link dev.hone.contract.NoLeaks} is of use to any
 * test that opens tensors or sessions.
 */
@NullMarked
package dev.hone.contract;

import org.jspecify.annotations.NullMarked;
