package dev.likeness.diffusion.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.jr.ob.JSON;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuotedTest {
  /** Jackson's reasons without what they repeat of the text. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "secret | Unrecognized token: was expecting",
        "{secret: 1} | Unexpected character: was expecting double-quote to start field name",
        "{'secret': 1} | Unexpected character: was expecting double-quote to start field name",
        "{\"a\": secret} | Unrecognized token: was expecting",
        "{\"a\": 12secret} | Unexpected character: was expecting comma to separate Object entries",
        "[\"a\" secret] | Unexpected character: was expecting comma to separate Array entries",
        "[1} | Unexpected close marker: expected ']'",
        "{\"a\": \"\\secret\"} | Unrecognized character escape",
        "{\"a\": +secret} | Unexpected character",
        "{\"a\": 'secret'} | Unexpected character",
        "// secret | Unexpected character",
        "{\"secret | Unexpected end-of-input in field name",
        "[01234567] | Invalid numeric value: Leading zeroes not allowed"
      })
  void repeatsNothingOfATextThatIsNoJson(String json, String reason) {
    for (Object input : new Object[] {json, json.getBytes(StandardCharsets.UTF_8)}) {
      JacksonException e =
          assertThrows(JacksonException.class, () -> JSON.std.anyFrom(input), json);
      String problem = Quoted.problem(e);
      assertTrue(problem.startsWith(reason), problem);
      assertTrue(!problem.contains("secret") && !problem.contains("1234"), problem);
      assertEquals(problem, Quoted.reason(e));
    }
  }
}
