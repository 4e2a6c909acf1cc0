package dev.likeness.portrait.training.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.ImageEncoder;
import dev.likeness.ipadapter.IpAdapter;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterCompatibility;
import dev.likeness.ipadapter.internal.method.ReferenceEncoder;
import dev.likeness.ipadapter.internal.projection.ResamplerConfig;
import dev.likeness.ipadapter.internal.registry.AdapterHeader;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import dev.likeness.ipadapter.internal.vision.VisionConfig;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.ipadapter.vision.GoldenImageEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a training begins with. */
@ExtendWith(NoTensorLeaks.class)
class InitialAdapterTest {
  private static final AdapterTraining BASE = AdapterTrainingTest.BASE;
  private static BaseModel base;
  private static LoadedImageEncoder encoder;

  @TempDir
  private Path folder;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
    encoder =
        LoadedImageEncoder.open(GoldenImageEncoder.write("clip-quick", parent), Compute.EXACT);
  }

  @AfterAll
  static void closesTheBase() {
    encoder.close();
    base.close();
  }

  @Test
  void refusesToContinueFromAnAdapterOfAnotherVariant() {
    Path start = folder.resolve("plain.safetensors");
    BASE.steps(1).train(base, encoder, AdapterTrainingTest.pairs(), start, null, Run.silent());
    Path file = folder.resolve("plus.safetensors");
    AdapterTraining plus = plus().initialAdapter(start).steps(1);
    String said = assertThrows(
            InvalidInputException.class,
            () -> plus.train(base, encoder, AdapterTrainingTest.pairs(), file, null, Run.silent()))
        .getMessage();
    assertTrue(said.startsWith(start + " lacks \"image_proj.latents\" and "), said);
    assertTrue(
        said.endsWith(
            " other tensors of an IP-Adapter Plus, which is trained; go on with the kind, tokens and rank that"
                + " it was trained with"),
        said);
    assertFalse(Files.exists(file));
  }

  @Test
  void identifiesTheInitialAdapterByItsBytes() throws IOException {
    Path start = folder.resolve("start.safetensors");
    BASE.steps(1).train(base, encoder, AdapterTrainingTest.pairs(), start, null, Run.silent());
    Path file = folder.resolve("file.safetensors");
    Path state = folder.resolve("state.safetensors");
    AdapterTraining shortly = BASE.steps(2);
    shortly
        .initialAdapter(start)
        .train(base, encoder, AdapterTrainingTest.pairs(), file, state, Run.silent());
    assertFalse(SafetensorsHeader.read(file).metadata().toString().contains("start.safetensors"));
    assertFalse(SafetensorsHeader.read(state).metadata().toString().contains("start.safetensors"));
    Path moved = Files.move(start, folder.resolve("moved.safetensors"));
    shortly
        .initialAdapter(moved)
        .train(base, encoder, AdapterTrainingTest.pairs(), file, state, Run.silent());
    assertThrows(
        InvalidInputException.class,
        () -> shortly
            .initialAdapter(file)
            .train(base, encoder, AdapterTrainingTest.pairs(), file, state, Run.silent()),
        "another adapter's bytes");
  }

  @Test
  void refusesAnEncoderWithoutTheProjectionOfABaseAdapter() throws IOException {
    Path bare = GoldenImageEncoder.write("clip-quick", folder);
    Path config = bare.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config).replace("CLIPVisionModelWithProjection", "CLIPVisionModel"));
    try (Safetensors all = Safetensors.open(bare.resolve("model.safetensors"));
        TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> textEncoder = new HashMap<>();
      all.names().stream()
          .filter(name -> !name.startsWith("visual_projection"))
          .forEach(name -> textEncoder.put(name, all.read(name).clone()));
      SafetensorsWriter.write(bare.resolve("model.safetensors"), textEncoder, Map.of());
    }
    try (LoadedImageEncoder eye = LoadedImageEncoder.open(bare, Compute.EXACT)) {
      assertEquals(
          "an IP-Adapter looks at an image encoder's projection, and " + bare + " is "
              + eye.config().describe() + "; give a CLIPVisionModelWithProjection, or train a Plus",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> BASE.train(
                      base,
                      eye,
                      AdapterTrainingTest.pairs(),
                      folder.resolve("x"),
                      null,
                      Run.silent()))
              .getMessage());
    }
  }

  @Test
  void recordsTheFamilyOfTheImageEncoder() {
    Path file = folder.resolve("adapter.safetensors");
    Path textEncoder = GoldenImageEncoder.write("siglip", folder);
    try (LoadedImageEncoder siglip = LoadedImageEncoder.open(textEncoder, Compute.EXACT);
        ImageEncoder eye = ImageEncoder.open(textEncoder, Compute.EXACT)) {
      BASE.steps(1).train(base, siglip, AdapterTrainingTest.pairs(), file, null, Run.silent());
      IpAdapter.open(file, base, eye).close();
    }
    VisionConfig clip = VisionConfig.of(ModelConfig.of(
        Map.of(
            "model_type",
            "clip",
            "hidden_size",
            48,
            "num_attention_heads",
            4,
            "projection_dim",
            36),
        "config.json"));
    assertEquals(
        file
            + " is an IP-Adapter and was trained with SigLIP (width 36), but the image encoder here is CLIP (width 48,"
            + " projection 36); give the image encoder that the adapter was trained with",
        assertThrows(
                InvalidInputException.class,
                () -> AdapterCompatibility.check(
                    file.toString(),
                    AdapterHeader.layout(file),
                    Optional.of(AdapterHeader.metadata(file).get(AdapterHeader.FAMILY)),
                    clip,
                    "here"))
            .getMessage());
  }

  @Test
  void encodesTheUnconditionalImageOnceForAllPairs() {
    ReferenceEncoder eye =
        new ReferenceEncoder("ours", plus().layout(AdapterSites.of(base), encoder, 0), encoder);
    ReferenceEmbeddings one =
        eye.encode(List.of(AdapterTrainingTest.pairs().get(0).reference()));
    assertSame(
        one.unconditional().orElseThrow(),
        eye.encode(List.of(AdapterTrainingTest.pairs().get(1).reference()))
            .unconditional()
            .orElseThrow());
  }

  private static AdapterTraining plus() {
    return AdapterTrainingTest.kind(BASE, MethodRegistry.PLUS, 5, new ResamplerConfig(64, 64, 2));
  }
}
