/** Rules of architecture, and code that breaks them. */
@NullMarked
package dev.hone.architecture;

import org.jspecify.annotations.NullMarked;
