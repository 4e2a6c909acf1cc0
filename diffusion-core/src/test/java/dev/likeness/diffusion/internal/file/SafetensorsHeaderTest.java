package dev.likeness.diffusion.internal.file;

import static dev.likeness.diffusion.internal.file.CraftedSafetensors.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.DType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsHeaderTest {
  private static final String AGAIN = "; the file is damaged; download or save it again";
  private static final String TWO_FLOATS = entry("a", "F32", "[2]", "[0,8]");

  @TempDir
  private Path folder;

  @Test
  void readsNamesShapesOffsetsAndMetadata() {
    SafetensorsHeader header = read(
        "{\"__metadata__\":{\"format\":\"pt\"}," + entry("b", "BF16", "[2,3]", "[8,20]") + ","
            + TWO_FLOATS + "}",
        20);
    assertEquals(List.of("b", "a"), List.copyOf(header.tensors().keySet()));
    assertEquals(
        new SafetensorsHeader.Entry(DType.BF16, List.of(2L, 3L), 8, 20),
        header.tensors().get("b"));
    assertEquals(6, header.tensors().get("b").elements());
    assertEquals(Map.of("format", "pt"), header.metadata());
    assertEquals(header.dataStart() + 20, header.fileLength());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{ }  ", " \n\t{}", "{\"__metadata__\":{}}"})
  void acceptsAFileWithoutTensorsAndWhiteSpaceOnBothSides(String header) {
    assertEquals(Map.of(), read(header, 0).tensors());
  }

  @Test
  void acceptsScalarsAndEmptyTensorsThatShareAnOffset() {
    SafetensorsHeader header = read(
        "{" + entry("empty", "F32", "[0,3]", "[0,0]") + "," + entry("scalar", "F32", "[]", "[0,4]")
            + "," + entry("last", "U8", "[0]", "[4,4]") + "}",
        4);
    assertEquals(1, header.tensors().get("scalar").elements());
    assertEquals(0, header.tensors().get("empty").elements());
  }

  @Test
  void ignoresFieldsThatTheFormatDoesNotName() {
    String header = "{\"a\":{\"dtype\":\"U8\",\"more\":[{}],\"shape\":[1],\"data_offsets\":[0,1]}}";
    assertEquals(1, read(header, 1).tensors().size());
  }

  @Test
  void refusesAFileOfFewerThanEightBytes() {
    Path file = CraftedSafetensors.write(folder.resolve("short.safetensors"), new byte[7]);
    refused(
        file,
        file
            + " has fewer bytes (7) than any safetensors file, which has at least 8; the file is"
            + " damaged;"
            + " download or save it again");
  }

  @ParameterizedTest
  @CsvSource({"3, 3", "-1, 18446744073709551615", "9223372036854775807, 9223372036854775807"})
  void refusesAHeaderThatEndsBeyondTheFile(long announced, String unsigned) {
    Path file =
        CraftedSafetensors.file(folder, announced, "{}".getBytes(StandardCharsets.UTF_8), 0);
    refused(
        file,
        file + " announces a header of " + unsigned
            + " bytes, but only 2 bytes follow the length field;"
            + " the file was cut short or is not a safetensors file: download it again, or give"
            + " another"
            + " file");
  }

  @Test
  void refusesAHeaderBeyondTheCapBeforeReadingIt() {
    Path file = CraftedSafetensors.file(folder, "{" + TWO_FLOATS + "}" + " ".repeat(100), 8);
    assertEquals(1, SafetensorsHeader.read(file, 200).tensors().size());
    InvalidInputException refused =
        assertThrows(InvalidInputException.class, () -> SafetensorsHeader.read(file, 100));
    assertEquals(
        file + " has a header of 154 bytes, more than the 100 allowed;"
            + " the file is damaged; download or save it again",
        refused.getMessage());
  }

  @Test
  void refusesAHeaderThatIsNotUtf8() {
    Path file = CraftedSafetensors.file(folder, 2, new byte[] {'{', (byte) 0xff}, 0);
    refused(file, file + ": the header is not UTF-8 text" + AGAIN);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]|the header is not a JSON object",
        "\"a\"|the header is not a JSON object",
        "{}{}|the header goes on after its JSON object",
        "{\"__metadata__\":{\"a\":1}}|__metadata__ \"a\" must be a string",
        "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}|__metadata__ \"a\" must have one value",
        "{\"__metadata__\":{},\"__metadata__\":{}}|__metadata__ must be one JSON object",
        "{\"__metadata__\":[]}|__metadata__ must be one JSON object",
        "{\"a\":1}|tensor \"a\" must be a JSON object",
        "{\"a\":{}}|tensor \"a\" must have dtype, shape and data_offsets",
        "{\"a\":{\"dtype\":1}}|tensor \"a\" dtype must be a string",
        "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}|tensor \"a\" must have one dtype",
        "{\"a\":{\"shape\":3}}|tensor \"a\" shape must be a list of whole numbers",
        "{\"a\":{\"shape\":[1.5]}}|tensor \"a\" shape must be whole numbers from 0 to"
            + " 9223372036854775807",
        "{\"a\":{\"shape\":[-1]}}|tensor \"a\" shape must be whole numbers from 0 to"
            + " 9223372036854775807",
        "{\"a\":{\"shape\":[9223372036854775808]}}|tensor \"a\" shape must be whole numbers from"
            + " 0 to 9223372036854775807",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}|tensor \"a\" data_offsets"
            + " must be two numbers",
        "{\"a\\ud800\":{}}|tensor \"a\\ud800\" must have a name of valid Unicode"
      })
  void refusesAHeaderOfAnotherForm(String header, String problem) {
    refused(header, 0, problem + AGAIN);
  }

  @Test
  void saysWhereTheJsonBreaks() {
    refused(
        "{\"a\":tru",
        0,
        "the header is not JSON at character 5: Unrecognized token: was expecting"
            + " (JSON String, Number, Array, Object or token 'null', 'true' or 'false')" + AGAIN);
  }

  /** Limits of the JSON parser, which gives no place for some of them. */
  @Test
  void refusesNamesNumbersAndNestingBeyondAllUse() {
    String name = "n".repeat(60_000);
    String shown = " characters, \"" + "n".repeat(40) + "\" …; expected at most 1024" + AGAIN;
    refused("{\"" + name + "\":{}}", 0, "the header has a name of 60000" + shown);
    refused(
        "{\"__metadata__\":{\"" + name + "\":\"\"}}", 0, "the header has a name of 60000" + shown);
    for (String header : List.of(
        "{\"a\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}",
        "{\"a\":{\"x\":" + "[".repeat(5_000) + "]".repeat(5_000) + "}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[" + "9".repeat(2_000) + "]}}")) {
      InvalidInputException refusal =
          assertThrows(InvalidInputException.class, () -> read(header, 0));
      assertTrue(refusal.getMessage().length() < 500, refusal.getMessage());
      assertEquals(1, refusal.getMessage().lines().count());
    }
  }

  @Test
  void readsLongTexts() {
    String text = "t".repeat(100_000);
    assertEquals(
        Map.of("k", text),
        read("{\"__metadata__\":{\"k\":\"" + text + "\"}}", 0).metadata());
  }

  @Test
  void refusesANameGivenTwice() {
    refused(
        "{" + TWO_FLOATS + "," + TWO_FLOATS + "}",
        8,
        "the header names tensor \"a\" twice" + AGAIN);
  }

  @Test
  void listsTheKnownTypesWhenOneIsUnknown() {
    refused(
        "{" + entry("a", "F7", "[1]", "[0,1]") + "}",
        1,
        "tensor \"a\" has unknown dtype \"F7\"; known: F64 F32 F16 BF16 F8_E4M3 F8_E5M2"
            + " F8_E4M3FNUZ F8_E5M2FNUZ"
            + " F8_E8M0 F6_E2M3 F6_E3M2 F4 C64 I64 I32 I16 I8 U64 U32 U16 U8 BOOL");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[2]|[1,9]|9|must begin at byte 0, where the tensor before it ends",
        "[2]|[8,0]|8|needs 8 bytes",
        "[3]|[0,8]|8|needs 12 bytes",
        "[2]|[0,9]|9|needs 8 bytes",
        "[4611686018427387904, 4]|[0,8]|8|has a shape that is too large for any memory",
        "[2305843009213693952]|[0,8]|8|has a shape that is too large for any memory",
        "[9223372036854775807, 0, 3]|[0,0]|0|has a shape that is too large for any memory"
      })
  void refusesATensorWhoseBytesDoNotFitItsShape(
      String shape, String offsets, int data, String problem) {
    String numbers = offsets.replace("[", "bytes ").replace(",", " to ").replace("]", "");
    refused(
        "{" + entry("a", "F32", shape, offsets) + "}",
        data,
        "tensor \"a\" (F32 " + shape + ", " + numbers + ") " + problem + AGAIN);
  }

  @Test
  void refusesHolesAndOverlaps() {
    refused(
        "{" + TWO_FLOATS + "," + entry("b", "U8", "[1]", "[9,10]") + "}",
        10,
        "tensor \"b\" (U8 [1], bytes 9 to 10) must begin at byte 8, where the tensor before it ends"
            + AGAIN);
    refused(
        "{" + TWO_FLOATS + "," + entry("b", "F32", "[2]", "[0,8]") + "}",
        8,
        "tensor \"b\" (F32 [2], bytes 0 to 8) must begin at byte 8, where the tensor before it ends"
            + AGAIN);
    refused(
        "{" + TWO_FLOATS + "," + entry("b", "F32", "[2]", "[4,12]") + "}",
        12,
        "tensor \"b\" (F32 [2], bytes 4 to 12) must begin at byte 8, where the tensor before it"
            + " ends"
            + AGAIN);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 9, 100})
  void refusesDataThatIsCutShortOrGoesOn(int data) {
    refused(
        "{" + TWO_FLOATS + "}",
        data,
        "the tensors take 8 bytes, but the file has " + data
            + " after the header; the file is cut short or has additional data: download it again");
  }

  @Test
  void refusesPartsOfBytesAndTooManyDimensions() {
    refused(
        "{" + entry("a", "F4", "[3]", "[0,2]") + "}",
        2,
        "tensor \"a\" (F4 [3], bytes 0 to 2) must take whole bytes, not 12 bits" + AGAIN);
    refused(
        "{" + entry("a", "U8", "[1" + ",1".repeat(64) + "]", "[0,1]") + "}",
        1,
        "tensor \"a\" (U8 65 dimensions, bytes 0 to 1) must have at most 64 dimensions" + AGAIN);
  }

  @Test
  void escapesAndShortensNamesInMessages() {
    refused(
        "{\"a\\n\\u202e" + "b".repeat(200) + "\":{}}",
        0,
        "tensor \"a\\u000a\\u202e" + "b".repeat(117) + "…\" must have dtype, shape and data_offsets"
            + AGAIN);
  }

  @Test
  void saysThatAFileIsNotThere() {
    Path file = folder.resolve("none.safetensors");
    refused(file, "cannot read " + file + ": no such file");
  }

  private SafetensorsHeader read(String header, int data) {
    return SafetensorsHeader.read(CraftedSafetensors.file(folder, header, data));
  }

  private void refused(String header, int data, String problem) {
    Path file = CraftedSafetensors.file(folder, header, data);
    refused(file, file + ": " + problem);
  }

  private static void refused(Path file, String message) {
    assertEquals(
        message,
        assertThrows(InvalidInputException.class, () -> SafetensorsHeader.read(file))
            .getMessage());
  }
}
