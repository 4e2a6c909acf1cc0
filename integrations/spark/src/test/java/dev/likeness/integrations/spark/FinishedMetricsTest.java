package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FinishedMetricsTest {
  private static final String WHOLE =
      "{\"files\":{\"a.png\":{\"bytes\":3}},\"reasons\":[\"blurred\"],\"seconds_total\":1.5}";

  private static FinishedMetrics parse(String json) {
    return FinishedMetrics.parse(json.getBytes(StandardCharsets.UTF_8), "k1");
  }

  @Test
  void readsWhatAJobWrote() {
    assertEquals(
        new FinishedMetrics(Map.of("a.png", 3L), List.of("blurred"), Double.NaN, 1.5),
        parse(WHOLE));
    assertEquals(
        0.5, parse(WHOLE.replace("{\"files", "{\"likeness\":0.5,\"files")).likeness());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "whole | | the content",
        "{ | [ | the content",
        "{\"files | [{\"files | the content",
        "\"files\" | \"filed\" | files",
        "{\"a.png\":{\"bytes\":3}} | null | files",
        "{\"a.png\":{\"bytes\":3}} | [] | files",
        "{\"bytes\":3} | 3 | files",
        "\"bytes\":3 | \"bytes\":\"3\" | files",
        "\"bytes\":3 | \"bytes\":-3 | files",
        "\"bytes\":3 | \"sha256\":\"x\" | files",
        "a.png | ../../other/k1/a.png | files",
        "a.png | /etc/passwd | files",
        "a.png | .. | files",
        "[\"blurred\"] | \"blurred\" | reasons",
        "[\"blurred\"] | [3] | reasons",
        "[\"blurred\"] | [null] | reasons",
        "\"reasons\" | \"causes\" | reasons",
        "1.5 | \"1.5\" | seconds_total",
        "1.5 | null | seconds_total",
        "1.5 | 1.5,\"likeness\":\"high\" | likeness"
      })
  void aDamagedFileIsATypedError(String part, String damage, String what) {
    String json = part.equals("whole") ? "" : WHOLE.replace(part, damage);
    InvalidInputException damaged =
        assertThrows(InvalidInputException.class, () -> parse(json), json);
    assertEquals(
        "metrics.json in the folder k1 of this person is damaged: " + what + " cannot be read;"
            + " delete this folder and run the job again, or erase the person",
        damaged.getMessage());
  }
}
