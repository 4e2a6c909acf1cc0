package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Each way a base model's file can be broken: one line, exit status 3, nothing left. */
@ExtendWith(NoTensorLeaks.class)
class BrokenCheckpointTest {
  @TempDir
  private Path folder;

  private Path base;
  private Path unet;

  @BeforeEach
  void writeBase() {
    base = TinyBase.in(folder);
    unet = base.resolve("unet/diffusion_pytorch_model.safetensors");
  }

  @Test
  void truncated() throws IOException {
    byte[] whole = Files.readAllBytes(unet);
    Files.write(unet, Arrays.copyOf(whole, whole.length / 2));
    assertRefused(unet.toString());
  }

  @Test
  void cutInsideTheHeader() throws IOException {
    Files.write(unet, Arrays.copyOf(Files.readAllBytes(unet), 100));
    assertRefused(unet.toString());
  }

  @Test
  void overlappingTensors() throws IOException {
    String first = "\"data_offsets\":[0,";
    header(text -> text.replaceFirst("\\Q" + first + "\\E(\\d+)\\]", "\"data_offsets\":[0,1]"));
    assertRefused(unet.toString());
  }

  @Test
  void headerLongerThanTheFile() throws IOException {
    byte[] bytes = Files.readAllBytes(unet);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, Long.MAX_VALUE);
    Files.write(unet, bytes);
    assertRefused(unet.toString());
  }

  @Test
  void tensorOfAnotherShape() throws IOException {
    header(text -> text.replaceFirst(
        "(\"conv_in.bias\":\\{\"dtype\":\"F32\",\"shape\":\\[)(\\d+)(\\])", "$1$2,1$3"));
    assertRefused("conv_in.bias");
  }

  @Test
  void misnamedTensor() throws IOException {
    header(text -> text.replace("\"conv_in.bias\"", "\"conv_in.bids\""));
    assertRefused("conv_in.bias");
  }

  @Test
  void missingWeights() throws IOException {
    Files.delete(unet);
    assertRefused(unet.getParent().toString());
  }

  @Test
  void missingConfig() throws IOException {
    Files.delete(base.resolve("vae/config.json"));
    assertRefused(base.resolve("vae/config.json").toString());
  }

  @Test
  void unknownScheduler() {
    GoldenFolder.schedule(base, Map.of("_class_name", "Mine"));
    assertRefused("Mine");
  }

  @Test
  void tokenizersThatTheNativeLibraryWouldNotSurvive() throws IOException {
    base = PipelineFolder.any("flux/dev", folder);
    Path tokenizer = base.resolve("tokenizer_2/tokenizer.json");
    String whole = Files.readString(tokenizer);
    Files.writeString(
        tokenizer,
        whole.replaceFirst(
            "\"precompiled_charsmap\": ?\"[^\"]*\"", "\"precompiled_charsmap\":\"BAAAAAAAAAB4\""));
    assertRefused(tokenizer + ": the normalizer's precompiled_charsmap is damaged");
    Files.writeString(
        tokenizer, "{\"model\":{\"vocab\":[[\"<pad>\",0],[\"</s>\",0],[\"<unk>\",0],[\"a\",-1]]}}");
    assertRefused(tokenizer + " has no token \"<extra_id_0>\", which tokenizer_config.json beside");
    Files.writeString(tokenizer, whole);
    Path clip = base.resolve("tokenizer/tokenizer.json");
    Files.writeString(
        clip, Files.readString(clip).replace(":1013", ":90000").replace(": 1013", ":90000"));
    assertRefused(
        clip + ": the token \"<|endoftext|>\" has the id 90000, but the text encoder has");
  }

  @Test
  void theReportedFilesAndAttacksAreRefusedInOneLine() throws IOException {
    Path cases = cases();
    Assumptions.assumeTrue(cases != null, "skipped: there is no ../shared/cases");
    Path cache = cases.resolve("reports/cache-link/models--someone--tiny");
    requireLine(cache, "the download was not finished", "inspect", cache.toString());
    requireLine(
        cache,
        "the download was not finished",
        "generate",
        "--base",
        cache.toString(),
        "--prompt",
        "x",
        "--out",
        folder.resolve("out").toString());
    Path reports = cases.resolve("reports/not-weights");
    requireLine(
        reports, "Git LFS", "inspect", reports.resolve("lfs.safetensors").toString());
    requireLine(
        reports, "is a web page", "inspect", reports.resolve("html.safetensors").toString());
    try (Stream<Path> attacks = Files.list(cases.resolve("attacks"))) {
      for (Path attack : attacks
          .filter(file -> file.getFileName().toString().startsWith("bad__weights__"))
          .toList()) {
        requireLine(attack, "", "inspect", attack.toString());
        requireLine(
            attack,
            "",
            "generate",
            "--base",
            base.toString(),
            "--lora",
            attack.toString(),
            "--prompt",
            "x",
            "--out",
            folder.resolve("out").toString());
      }
    }
  }

  private static void requireLine(Path file, String words, String... args) {
    CommandResult run = CommandResult.of(args);
    assertEquals(3, run.status(), run.err());
    requireOneLine(run);
    assertTrue(run.err().contains(file.toString()), run.err());
    assertTrue(run.err().contains(words), run.err());
  }

  /**
   * A base of a published kind takes its settings, which generate tells before it opens the base.
   */
  private static void requireOneLine(CommandResult run) {
    assertEquals(
        1,
        run.err()
            .lines()
            .filter(line -> !line.startsWith("the catalogue's settings "))
            .count(),
        run.err());
  }

  private static Path cases() {
    String given = System.getProperty("likeness.cases");
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path cases = given == null ? at.resolveSibling("shared").resolve("cases") : Path.of(given);
      if (Files.isDirectory(cases.resolve("attacks"))) {
        return cases;
      }
    }
    return null;
  }

  // The header keeps its length: what grows or shrinks is made up with the padding that the format
  // allows.
  private void header(UnaryOperator<String> change) throws IOException {
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(unet)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] header = new byte[(int) file.getLong()];
    file.get(header);
    byte[] data = new byte[file.remaining()];
    file.get(data);
    byte[] changed = change
        .apply(new String(header, StandardCharsets.UTF_8).strip())
        .getBytes(StandardCharsets.UTF_8);
    ByteBuffer out =
        ByteBuffer.allocate(8 + changed.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(unet, out.putLong(changed.length).put(changed).put(data).array());
  }

  private void assertRefused(String place) {
    Path out = folder.resolve("out");
    CommandResult run = CommandResult.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "x",
        "--steps",
        "1",
        "--out",
        out.toString());
    assertEquals(3, run.status(), run.err());
    requireOneLine(run);
    assertEquals(
        List.of(true),
        run.errorLines().stream().map(line -> line.contains(place)).toList(),
        run.err());
    assertEquals(List.of(), TinyBase.namesIn(out));
  }
}
