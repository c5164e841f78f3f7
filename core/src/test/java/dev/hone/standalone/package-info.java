/** Programs that tests start in a JVM of their own. */
@NullMarked
package dev.hone.standalone;

import org.jspecify.annotations.NullMarked;
