package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.vision.GoldenImageEncoder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * LoRAs with adapters that need none: diffusers lets one act wherever an attention of a UNet has
 * it.
 */
@ExtendWith(NoTensorLeaks.class)
class AdapterLoraTest {
  private static final GoldenAdapters ADAPTERS = GoldenAdapters.of("base");
  private static BaseModel base;

  @TempDir
  private Path folder;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  @Test
  void actsInsideAndBesideAPortrait() {
    Path bare = ADAPTERS.write("portrait", folder);
    Path twin = ADAPTERS.write(
        "faceid",
        folder.resolve("lora.safetensors"),
        name -> name.contains("_lora.") ? name.replace("ip_adapter.", "") : null);
    Path whole = portrait(lora -> lora);
    float[] inside = generate(IpAdapterFile.of(whole));
    assertArrayEquals(inside, generate(IpAdapterFile.of(bare).lora(twin)));
    assertArrayEquals(
        generate(IpAdapterFile.of(bare)), generate(IpAdapterFile.of(whole).ignoreLora()));
    assertFalse(Arrays.equals(inside, generate(IpAdapterFile.of(bare))));
  }

  @Test
  void actsInTheAttentionsThatHaveIt() {
    float[] some = generate(IpAdapterFile.of(portrait(lora -> of(lora, false))));
    assertFalse(
        Arrays.equals(some, generate(IpAdapterFile.of(ADAPTERS.write("portrait", folder)))));
    assertArrayEquals(generate(IpAdapterFile.of(portrait(lora -> of(lora, true)))), some);
  }

  /** The LoRA of cross-attentions, and zeros for the others or nothing. */
  private static Map<String, Tensor> of(Map<String, Tensor> lora, boolean zeros) {
    Map<String, Tensor> some = new HashMap<>();
    lora.forEach((name, tensor) -> {
      boolean cross = Integer.parseInt(name.split("\\.")[1]) % 2 == 1;
      if (cross || zeros) {
        some.put(name, cross ? tensor : torch.zeros_like(tensor));
      }
    });
    return some;
  }

  @Test
  void isRefusedIfAnAttentionIsIncomplete() {
    Path part = portrait(lora -> {
      Map<String, Tensor> some = of(lora, false);
      some.remove("ip_adapter.3.to_v_lora.up.weight");
      return some;
    });
    String said = refusal(IpAdapterFile.of(part));
    assertTrue(said.startsWith(part + ": no tensor \"ip_adapter.3.to_v_lora.up.weight\""), said);
    Path beyond = portrait(lora ->
        Map.of("ip_adapter.99.to_q_lora.up.weight", lora.get("ip_adapter.1.to_q_lora.up.weight")));
    said = refusal(IpAdapterFile.of(beyond));
    assertTrue(
        said.startsWith(beyond + " has tensors that belong to no module of its config (1, e.g. ")
            && said.contains("ip_adapter.99."),
        said);
    Path half = ADAPTERS.write(
        "faceid",
        folder.resolve("half.safetensors"),
        name -> name.matches("ip_adapter\\.[02]\\..*_lora.*") ? null : name);
    assertTrue(
        refusal(IpAdapterFile.of(half))
            .startsWith(half + ": no tensor \"ip_adapter.0.to_q_lora.down.weight\""),
        "FaceID's is whole");
  }

  @Test
  void isRefusedInTwoKeyFormats() {
    Path twin = folder.resolve("twice.safetensors");
    String path = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          twin,
          Map.of(
              path + ".lora_A.weight",
              torch.zeros(3, 32),
              "unet." + path + ".lora_A.weight",
              torch.zeros(3, 32)),
          Map.of());
    }
    String said = refusal(IpAdapterFile.of(ADAPTERS.write("portrait", folder)).lora(twin));
    assertTrue(
        said.startsWith(twin + ": ")
            && said.endsWith("are the same layer in two key formats; remove one of them"),
        said);
  }

  @ParameterizedTest
  @CsvSource({
    "flux/dev,xlabs,of XLabs for FLUX.1 (context 24)",
    "flux/dev,instantx,of InstantX for FLUX.1 (context 24)",
    "sd3/large,timed,of InstantX for Stable Diffusion 3.x (width 24)"
  })
  void isRefusedWithAnAdapterForATransformer(String name, String kind, String title) {
    GoldenAdapters golden = GoldenAdapters.of(name);
    Path bare = golden.write(kind, folder);
    Path file = folder.resolve("with.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new HashMap<>(golden.tensors(kind));
      tensors.put("ip_adapter.0.to_q_lora.down.weight", torch.zeros(2, 24));
      SafetensorsWriter.write(file, tensors, Map.of());
    }
    try (BaseModel transformer =
            BaseModel.open(PipelineFolder.write(name, folder).path(), Compute.EXACT);
        ImageEncoder encoder = ImageEncoder.open(
            GoldenImageEncoder.write(golden.encoder(kind), folder), Compute.EXACT)) {
      IpAdapter.open(IpAdapterFile.of(file).ignoreLora(), transformer, encoder).close();
      int attentions = IpAdapterFile.of(bare).layout().attentionWidths().size();
      String is = " is an IP-Adapter " + title + ", " + attentions
          + " attentions; adapters of this kind have no LoRA, but ";
      assertEquals(
          file + is
              + "the file contains a LoRA; give a file without a LoRA (in Java, call "
              + "IpAdapterFile.ignoreLora)",
          assertThrows(
                  InvalidInputException.class, () -> IpAdapter.open(file, transformer, encoder))
              .getMessage());
      assertEquals(
          bare + is + file + " was given as its LoRA; give this LoRA to the request instead",
          assertThrows(
                  InvalidInputException.class,
                  () -> IpAdapter.open(IpAdapterFile.of(bare).lora(file), transformer, encoder))
              .getMessage());
    }
  }

  /** A Portrait with what is made of FaceID's LoRA inside. */
  private Path portrait(Function<Map<String, Tensor>, Map<String, Tensor>> made) {
    Path file = folder.resolve("with.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> lora = new HashMap<>(ADAPTERS.tensors("faceid"));
      lora.keySet().removeIf(name -> !name.contains("_lora."));
      Map<String, Tensor> all = new HashMap<>(ADAPTERS.tensors("portrait"));
      all.putAll(made.apply(lora));
      SafetensorsWriter.write(file, all, Map.of());
    }
    return file;
  }

  private static String refusal(IpAdapterFile file) {
    return assertThrows(InvalidInputException.class, () -> IpAdapter.open(file, base))
        .getMessage();
  }

  private static float[] generate(IpAdapterFile file) {
    try (IpAdapter adapter = IpAdapter.open(file, base)) {
      float[] face = new float[24];
      face[3] = 1;
      return base.generate(ImageRequest.of("a woman")
              .steps(2)
              .guidance(3)
              .size(24, 16)
              .adapter(adapter.prompt(List.of(Reference.face(face))).at(0.8)))
          .pixels();
    }
  }
}
