/**
 * A runtime without native code, for the unit tests of applications: a {@link
 * dev.hone.fake.FakeModel} made of a signature and a Java function is opened by {@link
 * dev.hone.Session#open(dev.hone.Model) Session.open} like any other model.
 *
 * <p>It comes with the test-jar of {@code hone-core}, and passes the contract of every runtime.
 */
@NullMarked
package dev.hone.fake;

import org.jspecify.annotations.NullMarked;
