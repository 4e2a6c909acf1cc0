package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ClosedWhileGenerating;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.AdapterContract;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Adapter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoraAdapterTest implements AdapterContract {
  private static BaseModel base;
  private static List<Lora> loras;

  @BeforeAll
  static void opensTwoLoras(@TempDir Path parent) {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, parent).path());
    loras = List.of(
        Lora.open(GoldenLora.file("wide"), base),
        Lora.open(GoldenLora.file("attention-kohya"), base));
  }

  @AfterAll
  static void closesThem() {
    loras.forEach(Lora::close);
    base.close();
  }

  @Override
  public BaseModel base() {
    return base;
  }

  @Override
  public Adapter adapter(int which, double weight) {
    return loras.get(which).at(weight);
  }

  @Test
  void refusesAWeightThatIsNoNumber() {
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> loras.get(0).at(Double.NaN));
    assertEquals(
        "a LoRA's weight must be a number from -3.4e38 to 3.4e38, got NaN", refusal.getMessage());
  }

  /** A misspelt one would count for nothing, and nobody would see it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "up_blocks.1",
        "unet.up_block.1",
        "unet.up_blocks.11",
        "transformer",
        "text_encoder_2"
      })
  void refusesABlockThatTheBaseHasNot(String block) {
    String refusal = assertThrows(
            IllegalArgumentException.class,
            () -> loras.get(0).at(LoraWeight.of(1).block("unet", 0.5).block(block, 0)))
        .getMessage();
    assertEquals(
        "no layer name of this base begins with \"" + block
            + "\"; names begin with text_encoder.text_model, unet.conv_in,"
            + " unet.conv_norm_out, unet.conv_out, unet.down_blocks, unet.mid_block,"
            + " unet.time_embedding, unet.up_blocks",
        refusal);
  }

  /** The base has attentions in down.0, mid and up.1; the list counts text encoders first. */
  @Test
  void readsAListOfBlockWeightsAsNames() {
    Adapter named = loras
        .get(0)
        .at(LoraWeight.of(0.8).blocks("text_encoder=0.1,down=0.2,mid=0.3,up.1.0=0.4,up.1.1=0.5"));
    assertEquals(named, loras.get(0).at(LoraWeight.of(0.8).blocks("0.1, 0.2, 0.3, 0.4, 0.5")));
    assertEquals(
        loras.get(0).at(LoraWeight.of(1).blocks("up=0.5,up.1.1=0")),
        loras.get(0).at(LoraWeight.of(1).blocks("up.1.1=0,up=0.5")));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      1,0 | this base needs 5 block weights, got 2; give one for the text encoders and then\
       one for each of down.0.0, mid.0, up.1.0, up.1.1
      down.1=0 | this base has no attention in the block "down.1"; the blocks with attention are\
       down.0.0, mid.0, up.1.0, up.1.1
      mid=x | "x" in the block weights "mid=x" is not a weight; give names, such as\
       down=0.5,mid=1,up.1=0.8, or numbers alone
      mid=1,0.5 | "0.5" in the block weights "mid=1,0.5" is not a weight; give names, such as\
       down=0.5,mid=1,up.1=0.8, or numbers alone
      down=NaN | a LoRA's weight must be a number from -3.4e38 to 3.4e38, got NaN
      """)
  void refusesBlockWeightsThatDoNotFit(String blocks, String words) {
    assertEquals(
        words,
        assertThrows(
                IllegalArgumentException.class,
                () -> loras.get(0).at(LoraWeight.of(1).blocks(blocks)))
            .getMessage());
  }

  @Test
  void acceptsBlocksOfTheBaseThatTheLoraDoesNotChange() {
    try (Lora network = Lora.open(GoldenLora.file("unet-only"), base)) {
      network.at(LoraWeight.of(1)
          .block("text_encoder", 0)
          .block("unet.conv_out", 0)
          .block("unet.conv_out.bias", 1));
    }
  }

  @Test
  void refusesAnotherBase(@TempDir Path folder) {
    try (BaseModel other = GoldenFolder.load(
            GoldenFolder.write("no-middle", GoldenFolder.KeyFormat.PUBLISHED, folder)
                .path());
        FusedLora fused = loras.get(0).fuse(1)) {
      for (Adapter adapter : List.of(loras.get(0).at(1), fused.adapter())) {
        String refusal = assertThrows(
                IllegalArgumentException.class, () -> other.generate(request().adapter(adapter)))
            .getMessage();
        assertTrue(
            refusal.startsWith("the LoRA was opened for another base: it changes "), refusal);
      }
      other.generate(request().adapter(loras.get(0).at(0)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"attn1.to_q.ia3_l", "attn1.to_out.0.base_layer.bias"})
  void refusesAnotherBaseIfADeltaDependsOnItsWeights(String key, @TempDir Path folder) {
    Path file = folder.resolve("look.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          file,
          Map.of("unet.mid_block.attentions.0.transformer_blocks.0." + key, torch.ones(64)),
          Map.of());
    }
    try (BaseModel twin = GoldenFolder.load(
            GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, folder).path());
        Lora lora = Lora.open(file, base)) {
      ModelAdapter.of(lora.at(1)).requireCompatible(EngineAccess.model(base));
      ModelAdapter.of(loras.get(0).at(1)).requireCompatible(EngineAccess.model(twin));
      String refusal = assertThrows(
              IllegalArgumentException.class,
              () -> ModelAdapter.of(lora.at(1)).requireCompatible(EngineAccess.model(twin)))
          .getMessage();
      assertTrue(
          refusal.endsWith(
              " depends on the weights of that base; open the LoRA for this" + " base"),
          refusal);
    }
  }

  @Test
  void isClosedOnceNoGenerationUsesIt() throws InterruptedException {
    Lora lora = Lora.open(GoldenLora.file("unet-only"), base);
    FusedLora fused = lora.fuse(1);
    ClosedWhileGenerating.refuses(
        "the fused LoRA", base, request().adapter(fused.adapter()), fused::close);
    ClosedWhileGenerating.refuses(
        "the LoRA",
        base,
        request().adapter(lora.at(0.5).and(loras.get(0).at(1))).withoutGradientGuidance(),
        lora::close);
    lora.close();
  }
}
