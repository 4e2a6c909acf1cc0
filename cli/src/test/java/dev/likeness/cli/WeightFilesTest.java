package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.Lora;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command refuses damaged weight files with exit status 3 and one line of printable text. */
class WeightFilesTest {
  private static final String LAYER =
      "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.";

  @TempDir
  private static Path folder;

  private static Path base;

  @BeforeAll
  static void writesTheBase() {
    base = TinyBase.in(folder);
  }

  private static CommandResult generate(Path out, String... options) {
    return CommandResult.of(Stream.concat(
            Stream.of(
                "generate",
                "--base",
                base.toString(),
                "--prompt",
                "a photo of ada",
                "--steps",
                "1",
                "--width",
                "16",
                "--height",
                "16",
                "--dtype",
                "f32",
                "--device",
                "cpu",
                "--out",
                out.toString()),
            Stream.of(options))
        .toArray(String[]::new));
  }

  private static void assertRefused(CommandResult run, Path file) {
    assertEquals(3, run.status(), file + ": " + run.err());
    List<String> lines = run.err()
        .lines()
        .filter(line -> line.contains(file.getFileName().toString()))
        .toList();
    assertEquals(1, lines.size(), run.err());
    String all = run.out() + run.err();
    assertTrue(
        all.codePoints().noneMatch(c -> Character.isISOControl(c) && c != '\n' && c != '\r'), all);
    assertFalse(all.contains("\tat "), all);
  }

  private static Map<String, Tensor> damaged() {
    Tensor up = torch.ones(64, 2);
    up.select(0, 5).narrow(0, 1, 1).fill_(new Scalar(Double.NaN));
    return Map.of(LAYER + "lora_down.weight", torch.ones(2, 64), LAYER + "lora_up.weight", up);
  }

  @Test
  void copiesNoDamagedLoraOn() {
    Path file = folder.resolve("nan.safetensors");
    Path good = folder.resolve("good.safetensors");
    Path out = folder.resolve("copy.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, damaged(), Map.of());
      SafetensorsWriter.write(
          good,
          Map.of(
              LAYER + "lora_down.weight", torch.ones(2, 64),
              LAYER + "lora_up.weight", torch.ones(64, 2)),
          Map.of());
    }
    assertRefused(generate(folder.resolve("nan"), "--lora", file.toString()), file);
    for (String[] files :
        new String[][] {{file.toString()}, {file + "@0.5"}, {good.toString(), file.toString()}}) {
      CommandResult run = CommandResult.of(Stream.concat(
              Stream.of("lora"),
              Stream.concat(
                  Stream.of(files),
                  Stream.of(
                      "--base",
                      base.toString(),
                      "--dtype",
                      "f32",
                      "--device",
                      "cpu",
                      "--out",
                      out.toString())))
          .toArray(String[]::new));
      assertRefused(run, file);
      assertFalse(Files.exists(out));
    }
  }

  @Test
  void opensTheFolderOfPeft() throws IOException {
    Path adapter = Files.createDirectory(folder.resolve("adapter"));
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          adapter.resolve("adapter_model.safetensors"),
          Map.of(
              "base_model.model.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight",
              torch.ones(2, 64),
              "base_model.model.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_B.weight",
              torch.ones(64, 2)),
          Map.of());
    }
    Files.writeString(adapter.resolve("adapter_config.json"), "{\"r\": 2, \"lora_alpha\": 4}");
    CommandResult run = generate(folder.resolve("peft"), "--lora", adapter.toString());
    assertEquals(0, run.status(), run.err());
  }

  @Test
  void callsATextualInversionByANameOfItsOwn() throws IOException {
    Path file = folder.resolve("style.safetensors");
    Path twice = folder.resolve("a=b.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, Map.of("emb_params", torch.ones(2, 32)), Map.of());
    }
    Files.copy(file, twice);
    byte[] plain = imageOf("plain");
    byte[] named = imageOf("named", "--embedding", file + "=ada");
    assertFalse(Arrays.equals(plain, named), "the name has an effect");
    assertTrue(Arrays.equals(
        named, imageOf("both", "--embedding", file + "=ada", "--embedding", twice.toString())));
    byte[] own = imageOf("own", "--embedding", file + "=x", "--prompt", "a photo of style");
    assertTrue(Arrays.equals(own, named), "both names are understood");
  }

  private static byte[] imageOf(String name, String... options) throws IOException {
    Path out = folder.resolve(name);
    CommandResult run = CommandResult.of(Stream.concat(
            Stream.of(
                "generate",
                "--base",
                base.toString(),
                "--steps",
                "1",
                "--seed",
                "4",
                "--width",
                "16",
                "--height",
                "16",
                "--dtype",
                "f32",
                "--device",
                "cpu",
                "--out",
                out.toString()),
            Stream.concat(
                Stream.of(options),
                Stream.of(options).anyMatch("--prompt"::equals)
                    ? Stream.of()
                    : Stream.of("--prompt", "a photo of ada")))
        .toArray(String[]::new));
    assertEquals(0, run.status(), run.err());
    try (Stream<Path> files = Files.list(out)) {
      Path image =
          files.filter(file -> file.toString().endsWith(".png")).findFirst().orElseThrow();
      BufferedImage read = ImageIO.read(image.toFile());
      return Arrays.toString(read.getRGB(0, 0, read.getWidth(), read.getHeight(), null, 0, 16))
          .getBytes(StandardCharsets.UTF_8);
    }
  }

  /** {@code ../shared/cases/reports}; {@link CasesTest} tries the attacks. */
  @Test
  void endsAsTheReportsSay() throws IOException {
    Path cases = cases();
    Assumptions.assumeTrue(
        cases != null, "no ../shared/cases; give the folder with -Dlikeness.cases=DIR");
    Path reports = cases.resolve("reports");
    for (String file : List.of("nan-lora/lora.safetensors", "nan-lora/keys-only.safetensors")) {
      Path nan = reports.resolve(file);
      assertRefused(generate(folder.resolve("case"), "--lora", nan.toString()), nan);
      assertRefused(copied(nan), nan);
    }
    Map.of(
            "lfs", "is a pointer of Git LFS",
            "html", "is a web page",
            "int8", "is of type I8 without a scale")
        .forEach((name, words) -> {
          Path file = reports.resolve("not-weights/" + name + ".safetensors");
          for (CommandResult run :
              List.of(generate(folder.resolve("case"), "--lora", file.toString()), copied(file))) {
            assertRefused(run, file);
            assertTrue(run.err().contains(words), run.err());
          }
        });
    CommandResult peft = generate(
        folder.resolve("case"), "--lora", reports.resolve("peft-folder").toString());
    assertEquals(0, peft.status(), peft.err());
  }

  /** {@code trailing-underscore}: the same image as from a file without these underscores. */
  @ParameterizedTest
  @CsvSource({
    "flux/dev, transformer, 'context_embedder proj_out single_transformer_blocks.0.attn.to_k"
        + " transformer_blocks.1.attn.add_q_proj transformer_blocks.1.ff.net.0.proj'",
    "sd1/base, unet, 'mid_block.attentions.0.transformer_blocks.0.attn1.to_k"
        + " mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0'"
  })
  void readsUnderscoresBeforeTheDot(String name, String network, String layers) {
    Path model = PipelineFolder.any(name, folder.resolve(network));
    Path odd = folder.resolve("odd.safetensors");
    Path plain = folder.resolve("plain.safetensors");
    try (TensorScope scope = TensorScope.open();
        TensorSource weights = Safetensors.open(
            model.resolve(network).resolve("diffusion_pytorch_model.safetensors"))) {
      Map<String, Tensor> factors = new LinkedHashMap<>();
      for (String layer : layers.split(" ")) {
        long[] shape = weights.shape(layer + ".weight");
        String key = "lora_unet_" + layer.replace('.', '_') + "_.";
        factors.put(key + "alpha", torch.ones(new long[0]));
        factors.put(key + "lora_down.weight", torch.ones(2, shape[1]));
        factors.put(key + "lora_up.weight", torch.ones(shape[0], 2));
      }
      SafetensorsWriter.write(odd, factors, Map.of());
      try (TensorSource source =
          RenamedSource.of(Safetensors.open(odd), key -> key.replace("_.", "."))) {
        SafetensorsWriter.write(plain, source, Map.of());
      }
    }
    try (BaseModel opened = BaseModel.open(model, Compute.EXACT);
        Lora ours = Lora.open(odd, opened);
        Lora usual = Lora.open(plain, opened)) {
      ImageRequest request = ImageRequest.of("a photo").steps(1).size(32, 32).seed(3);
      float[] without = opened.generate(request).pixels();
      float[] with = opened.generate(request.adapters(List.of(ours.at(1)))).pixels();
      assertFalse(Arrays.equals(without, with), "the LoRA has an effect");
      assertArrayEquals(opened.generate(request.adapters(List.of(usual.at(1)))).pixels(), with, 0);
    }
  }

  private static CommandResult copied(Path file) {
    return CommandResult.of(
        "lora",
        file.toString(),
        "--base",
        base.toString(),
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--out",
        folder.resolve("copied.safetensors").toString());
  }

  private static Path cases() {
    String given = System.getProperty("likeness.cases");
    if (given != null) {
      return Path.of(given);
    }
    for (Path up = Path.of("").toAbsolutePath(); up != null; up = up.getParent()) {
      if (Files.isDirectory(up.resolve("shared/cases"))) {
        return up.resolve("shared/cases");
      }
    }
    return null;
  }

  @Test
  void refusesHeadersThatNoProgramWrites() throws IOException {
    for (String header : List.of(
        "{\"" + "n".repeat(60_000) + "\":{}}",
        "{\"a\":" + "[".repeat(50_000) + "}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[" + "9".repeat(3_000) + "]}}",
        "{\"__metadata__\":{\"" + "k".repeat(60_000) + "\":\"\"}}",
        "{\"\u0007\":tru")) {
      byte[] text = header.getBytes(StandardCharsets.UTF_8);
      byte[] bytes = new byte[8 + text.length];
      for (int i = 0; i < 4; i++) {
        bytes[i] = (byte) (text.length >> 8 * i);
      }
      System.arraycopy(text, 0, bytes, 8, text.length);
      Path file = Files.write(folder.resolve("odd.safetensors"), bytes);
      assertRefused(generate(folder.resolve("odd"), "--lora", file.toString()), file);
      assertEquals(3, CommandResult.of("inspect", file.toString()).status());
    }
  }
}
