package dev.hone.benchmarks.inputs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.benchmarks.inputs.Mails.Mail;
import java.util.List;
import org.junit.jupiter.api.Test;

class MailsTest {
  @Test
  void theTextIsTheSubjectAndWhatTheMailSays() {
    assertThat(
            Mails.text(
                """
                Received: from here
                Subject: Re: a very
                \tlong subject
                To: you <you@example.org>

                Hello,  you.

                Subject: this is said, too
                """))
        .isEqualTo("Re: a very long subject Hello, you. Subject: this is said, too");
  }

  @Test
  void tagsAndTheHeadersOfPartsAreLeftOut() {
    assertThat(
            Mails.text(
                """
                Content-Type: multipart/alternative; boundary="x"

                --x
                Content-Type: text/html;
                 charset=us-ascii
                Content-Transfer-Encoding: 7bit

                <html><style>p { color: red }</style><!-- no -->
                <P class="a
                b">Buy <b>now</b>: 1 < 2</P></html>
                --x--
                """))
        .isEqualTo("Buy now : 1 < 2");
  }

  @Test
  void aMailWithoutABodyOrSubjectIsEmpty() {
    assertThat(Mails.text("From: me")).isEmpty();
    assertThat(Mails.text("")).isEmpty();
  }

  @Test
  void madeUpOnesAreHalfSpam() {
    List<Mail> mails = Mails.madeUp(5);
    assertThat(mails).hasSize(10);
    assertThat(mails.stream().filter(Mail::isSpam)).hasSize(5);
  }
}
