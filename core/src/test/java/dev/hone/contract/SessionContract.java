package dev.hone.contract;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every session must do, whatever runs it. Who writes a runtime inherits this:
 *
 * <pre>{@code
 * class MySessionContractTest extends SessionContract {
 *   @Override
 *   public Session open(ReferenceModel model) {
 *     return Session.open(Model.load(bytesOf(model)));
 *   }
 * }
 * }</pre>
 *
 * <p>The parts are interfaces, one for each theme, so that a decorator of sessions may take those
 * that it keeps.
 */
@ExtendWith(NoLeaks.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class SessionContract
    implements ResultContract,
        RefusalContract,
        OutputContract,
        ClosingContract,
        StoppingContract,
        AsyncContract {}
