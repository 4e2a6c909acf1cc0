package dev.likeness.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.CommandResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

/** Numbers that options refuse, and the range of seeds. */
class NumberOptionTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "generate --prompt x --out none --guidance NaN",
        "generate --prompt x --out none --guidance -NaN",
        "generate --prompt x --out none --guidance=Infinity",
        "generate --prompt x --out none --init none.png --strength NaN",
        "generate --prompt x --out none --sigmas 14.6,NaN,0",
        "generate --prompt x --out none --timesteps Infinity,0",
        "generate --prompt x --out none --true-cfg NaN",
        "generate --prompt x --out none --lora none.safetensors@NaN",
        "generate --prompt x --out none --lora none.safetensors@-Infinity",
        "generate --prompt x --out none --hires NaN",
        "generate --prompt x --out none --guidance 1e308",
        "generate --prompt x --out none --true-cfg -1e39",
        "generate --prompt x --out none --sigmas 1e300,0",
        "generate --prompt x --out none --count 2147483647",
        "generate --prompt x --out none --lora none.safetensors@1e39",
        "headshot --photos none --out none --guidance NaN",
        "edit none.png --person none --out none --strength NaN"
      })
  void refusesValuesThatAreNoNumbersAsWrongUsage(String line) {
    CommandResult run = CommandResult.of(line.split(" "));
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().matches("(?s).*(number|finite|count must be 1 to 100000).*"), run.err());
  }

  /** Torch 2.10: {@code manual_seed(2**64 - 1)} gives the noise of {@code manual_seed(-1)}. */
  @Test
  void seedsHaveTheRangeOfTorch() {
    GenerateOptions.SeedParser parser = new GenerateOptions.SeedParser();
    assertEquals(0, parser.convert("0"));
    assertEquals(-1, parser.convert("18446744073709551615"));
    assertEquals(Long.MIN_VALUE, parser.convert("9223372036854775808"));
    assertEquals(Long.MAX_VALUE, parser.convert("9223372036854775807"));
    assertEquals(Long.MIN_VALUE, parser.convert("-9223372036854775808"));
    for (String wrong :
        new String[] {"18446744073709551616", "-9223372036854775809", "1.5", "", "--1", "x"}) {
      assertThrows(TypeConversionException.class, () -> parser.convert(wrong), wrong);
    }
  }
}
