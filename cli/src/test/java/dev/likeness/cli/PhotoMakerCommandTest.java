package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.SeededWeights;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands with a small PhotoMaker file, which no option of theirs names. */
class PhotoMakerCommandTest {
  private static final int WIDTH = 64;
  private static final int INNER = 16;
  private static final int PROJECTION = 8;
  private static final int RANK = 2;

  @TempDir
  private static Path shared;

  private static Path base;
  private static Path adapter;
  private static Path photos;

  @BeforeAll
  static void writesAnAdapter() throws IOException {
    base = TinyBase.in(shared);
    adapter = shared.resolve("photomaker-v1.safetensors");
    photos = Selfies.of("5000000777", 2, shared.resolve("people"));
    try (BaseModel model = BaseModel.open(base, Compute.EXACT);
        TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          adapter, SeededWeights.of(shapes(AdapterSites.of(model)), 3), Map.of());
    }
  }

  private static Map<String, long[]> shapes(AdapterSites sites) {
    Map<String, long[]> shapes = new TreeMap<>();
    String vision = "id_encoder.vision_model.";
    shapes.put(vision + "embeddings.class_embedding", new long[] {WIDTH});
    shapes.put(vision + "embeddings.patch_embedding.weight", new long[] {WIDTH, 3, 112, 112});
    shapes.put(vision + "embeddings.position_embedding.weight", new long[] {5, WIDTH});
    vector(shapes, vision + "pre_layrnorm", WIDTH);
    vector(shapes, vision + "post_layernorm", WIDTH);
    String layer = vision + "encoder.layers.0.";
    vector(shapes, layer + "layer_norm1", WIDTH);
    vector(shapes, layer + "layer_norm2", WIDTH);
    for (String name : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
      linear(shapes, layer + "self_attn." + name, WIDTH, WIDTH);
    }
    linear(shapes, layer + "mlp.fc1", INNER, WIDTH);
    linear(shapes, layer + "mlp.fc2", WIDTH, INNER);
    long context = sites.contextWidth();
    shapes.put("id_encoder.visual_projection.weight", new long[] {PROJECTION, WIDTH});
    shapes.put("id_encoder.visual_projection_2.weight", new long[] {context - PROJECTION, WIDTH});
    String fuse = "id_encoder.fuse_module.";
    vector(shapes, fuse + "layer_norm", context);
    for (int i = 1; i <= 2; i++) {
      long in = i == 1 ? 2 * context : context;
      vector(shapes, fuse + "mlp" + i + ".layernorm", in);
      linear(shapes, fuse + "mlp" + i + ".fc1", context, in);
      linear(shapes, fuse + "mlp" + i + ".fc2", context, context);
    }
    long width = sites.widths().get(0);
    for (String name : List.of("q", "k", "v", "out")) {
      String lora = "lora_weights.unet." + sites.attentionPath(0) + ".processor.to_" + name;
      shapes.put(lora + "_lora.down.weight", new long[] {RANK, width});
      shapes.put(lora + "_lora.up.weight", new long[] {width, RANK});
    }
    return shapes;
  }

  private static void vector(Map<String, long[]> shapes, String name, long width) {
    shapes.put(name + ".weight", new long[] {width});
    shapes.put(name + ".bias", new long[] {width});
  }

  private static void linear(Map<String, long[]> shapes, String name, long out, long in) {
    shapes.put(name + ".weight", new long[] {out, in});
    shapes.put(name + ".bias", new long[] {out});
  }

  private static CommandResult run(Path out, String... words) {
    List<String> all = new ArrayList<>(Arrays.asList(words));
    all.addAll(List.of(
        "--base",
        base.toString(),
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--steps",
        "2",
        "--out",
        out.toString()));
    return CommandResult.of(all.toArray(String[]::new));
  }

  private CommandResult generate(Path out, String prompt) {
    return run(
        out,
        "generate",
        "--ip-adapter",
        adapter.toString(),
        "--reference",
        photos.resolve("selfie-01.jpg").toString(),
        "--reference",
        photos.resolve("selfie-02.jpg").toString(),
        "--prompt",
        prompt);
  }

  @Test
  void generatesFromPhotosAndAPromptWithTheTriggerWord(@TempDir Path folder) throws IOException {
    CommandResult done = generate(folder.resolve("out"), "a woman img");
    assertEquals(0, done.status(), done.err());
    try (var files = Files.list(folder.resolve("out"))) {
      assertTrue(files.anyMatch(file -> file.toString().endsWith(".png")));
    }
  }

  @Test
  void saysInOneLineThatThePromptLacksTheTriggerWord(@TempDir Path folder) {
    CommandResult refused = generate(folder.resolve("out"), "a woman");
    assertTrue(refused.status() != 0);
    assertTrue(
        refused
            .err()
            .contains("PhotoMaker needs its trigger word \"img\" once, behind a class word, as in"
                + " \"photo of a woman img\"; the prompt has none"),
        refused.err());
  }

  @Test
  void makesHeadshotsFromPhotosAndAgainFromThePersonsFile(@TempDir Path folder) {
    Path first = folder.resolve("first");
    CommandResult done = run(
        first,
        "headshot",
        "--identity",
        "ipadapter",
        "--ip-adapter",
        adapter.toString(),
        "--photos",
        photos.toString(),
        "--consent",
        "nobody real",
        "--style",
        "studio",
        "--count",
        "1");
    assertEquals(0, done.status(), done.err());
    Path person = first.resolve("person-ipadapter.safetensors");
    String words = SafetensorsHeader.read(person).metadata().toString();
    assertTrue(words.contains(" img"), words);
    CommandResult again = run(
        folder.resolve("again"),
        "headshot",
        "--identity",
        "ipadapter",
        "--ip-adapter",
        adapter.toString(),
        "--person",
        person.toString(),
        "--style",
        "studio",
        "--count",
        "1");
    assertEquals(0, again.status(), again.err());
  }
}
