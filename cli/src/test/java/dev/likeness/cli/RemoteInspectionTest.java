package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.pickle.CraftedPickle;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.hub.LocalHub;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.TrainingPreset;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Inspecting a repository tells what inspecting its files tells, without downloading weights. */
class RemoteInspectionTest {
  private static final String REPOSITORY = "ada/model";
  private static final String IMAGE =
      "memory       f32 # GiB, bf16 # GiB, 8 bits # GiB, at least # GiB, for one image";
  private static final String FITS = "fits         yes, in #; cpu has # GiB, # GiB of them free";

  @TempDir
  private Path folder;

  private final LocalHub server = new LocalHub();

  @BeforeEach
  void setVariables() {
    System.setProperty("likeness.env.HF_ENDPOINT", server.address().toString());
    System.setProperty("likeness.env.HF_HUB_CACHE", folder.resolve("cache").toString());
    System.setProperty("likeness.env.HF_HOME", folder.resolve("home").toString());
    System.setProperty("likeness.env.HF_TOKEN", "");
    System.setProperty("likeness.env.HF_HUB_OFFLINE", "0");
    System.setProperty("likeness.env.TRANSFORMERS_OFFLINE", "0");
  }

  @AfterEach
  void clear() {
    System.getProperties().stringPropertyNames().stream()
        .filter(name -> name.startsWith("likeness.env."))
        .forEach(System::clearProperty);
    server.close();
  }

  /** Publishes a file or folder, and compares what {@code inspect} tells of both. */
  private CommandResult assertSame(Path local) throws IOException {
    publish(local);
    String address = "hf:" + REPOSITORY;
    CommandResult here = CommandResult.of("inspect", local.toString(), "--json");
    CommandResult there = CommandResult.of("inspect", address, "--json");
    assertEquals(here.out().replace(local.toString(), address), there.out());
    assertEquals(here.status(), there.status(), there.err());
    assertEquals(here.err().replace(local.toString(), address), there.err());
    return there;
  }

  private void publish(Path local) throws IOException {
    LocalHub.Repository repository = server.repository(REPOSITORY);
    try (Stream<Path> all = Files.walk(local)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        String name = Files.isDirectory(local)
            ? local.relativize(file).toString()
            : file.getFileName().toString();
        if (name.endsWith(".json") || name.endsWith(".txt")) {
          repository.small(name, new String(bytes, StandardCharsets.UTF_8));
        } else {
          repository.large(name, bytes);
        }
      }
    }
  }

  private static byte[] safetensors(List<String> entries, String metadata) {
    StringBuilder json = new StringBuilder("{\"__metadata__\": {" + metadata + "}");
    int at = 0;
    for (String entry : entries) {
      String[] parts = entry.split(" ");
      int count =
          Stream.of(parts[1].split(",")).mapToInt(Integer::parseInt).reduce(1, (a, b) -> a * b);
      json.append(", \"")
          .append(parts[0])
          .append("\": {\"dtype\": \"F32\", \"shape\": [")
          .append(parts[1])
          .append("], \"data_offsets\": [")
          .append(at)
          .append(", ")
          .append(at + 4 * count)
          .append("]}");
      at += 4 * count;
    }
    byte[] header = json.append("}").toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(8 + header.length + at).order(ByteOrder.LITTLE_ENDIAN);
    return file.putLong(header.length).put(header).array();
  }

  @Test
  void aDiffusersFolder() throws IOException {
    assertTrue(assertSame(TinyBase.in(folder)).out().contains("\"format\":\"diffusers\""));
  }

  @Test
  void aDiffusersFolderOfAVariant() throws IOException {
    Path base = TinyBase.in(folder);
    for (String name : List.of("unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model")) {
      Path plain = base.resolve(name + ".safetensors");
      Files.move(plain, base.resolve(name + ".fp16.safetensors"));
    }
    assertEquals(0, assertSame(base).status());
  }

  @Test
  void aDiffusersFolderWithoutAComponent() throws IOException {
    Path base = TinyBase.in(folder);
    Files.delete(base.resolve("vae/diffusion_pytorch_model.safetensors"));
    publish(base);
    CommandResult there = CommandResult.of("inspect", "hf:" + REPOSITORY);
    assertEquals(3, there.status());
    assertEquals(
        "likeness: ada/model/vae has no weights; expected diffusion_pytorch_model.safetensors or"
            + " model.safetensors",
        there.err().strip());
  }

  @Test
  void aDiffusersFolderInShards() throws IOException {
    Path base = TinyBase.in(folder);
    Path plain = base.resolve("unet/diffusion_pytorch_model.safetensors");
    Path shard = base.resolve("unet/diffusion_pytorch_model-00001-of-00001.safetensors");
    Files.move(plain, shard);
    String map = SafetensorsHeader.read(shard).names().stream()
        .map(name -> "\"" + name + "\": \"" + shard.getFileName() + "\"")
        .collect(Collectors.joining(", "));
    Files.writeString(
        base.resolve("unet/diffusion_pytorch_model.safetensors.index.json"),
        "{\"metadata\": {}, \"weight_map\": {" + map + "}}");
    assertEquals(0, assertSame(base).status());
  }

  @Test
  void aSingleFile() throws IOException {
    Path base = TinyBase.in(folder);
    Path file = folder.resolve("base.safetensors");
    assertEquals(
        0, CommandResult.of("convert", base.toString(), file.toString()).status());
    assertTrue(assertSame(file).out().contains("\"format\":\"single-file\""));
    long read = CommandResult.of("inspect", "hf:" + REPOSITORY)
        .out()
        .lines()
        .filter(line -> line.startsWith("read "))
        .count();
    assertEquals(1, read);
  }

  @Test
  void aGgufFile() throws IOException {
    Path file = folder.resolve("flux-q8.gguf");
    GoldenResource.copy("/golden/gguf/flux-dev-q8_0.gguf", file);
    assertTrue(assertSame(file).out().contains("\"format\":\"gguf\""));
  }

  @Test
  void aLora() throws IOException {
    Path file = Files.write(
        folder.resolve("lora.safetensors"),
        safetensors(
            List.of(
                "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down"
                    + ".weight 4,768",
                "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_up"
                    + ".weight 640,4"),
            "\"ss_network_dim\": \"4\", \"note\": \"\\u001b[2J\""));
    CommandResult there = assertSame(file);
    assertTrue(there.out().contains("\"kind\":\"lora\""));
    assertFalse(there.out().contains("\u001b"));
  }

  /** The folder of one network: its configuration and a file of weights. */
  private Path network(String config, String weights, String... tensors) throws IOException {
    Path network = Files.createDirectory(folder.resolve("network"));
    Files.writeString(network.resolve("config.json"), config);
    Files.write(network.resolve(weights), safetensors(List.of(tensors), ""));
    return network;
  }

  private void assertNetwork(Path network, String kind, String family, String className)
      throws IOException {
    String found = assertSame(network).out();
    for (String each : List.of(
        "\"kind\":\"" + kind + "\"",
        "\"family\":\"" + family + "\"",
        "\"format\":\"diffusers\"",
        "\"class\":\"" + className + "\"",
        "\"problems\":[]")) {
      assertTrue(found.contains(each), found);
    }
  }

  @Test
  void aControlNet() throws IOException {
    Path network = network(
        "{\"_class_name\": \"ControlNetModel\", \"cross_attention_dim\": 768}",
        "diffusion_pytorch_model.safetensors",
        "controlnet_cond_embedding.conv_in.weight 16,3,3,3",
        "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight 320,768");
    assertNetwork(network, "controlnet", "sd1", "ControlNetModel");
    CommandResult text = CommandResult.of("inspect", "hf:" + REPOSITORY);
    assertTrue(text.out().lines().anyMatch("kind         controlnet"::equals), text.out());
    assertEquals(0, text.status());
  }

  @Test
  void aControlNetInAVariantBesideAPickle() throws IOException {
    Path network = network(
        "{\"_class_name\": \"ControlNetModel\"}",
        "diffusion_pytorch_model.fp16.safetensors",
        "controlnet_cond_embedding.conv_in.weight 16,3,3,3",
        "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight 640,2048");
    Files.write(network.resolve("pytorch_lora.bin"), new byte[100]);
    assertNetwork(network, "controlnet", "sdxl", "ControlNetModel");
  }

  @Test
  void aControlNetInASingleFile() throws IOException {
    Path file = Files.write(
        folder.resolve("control.safetensors"),
        safetensors(
            List.of(
                "control_model.input_hint_block.0.weight 16,3,3,3",
                "control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight 320,768"),
            ""));
    assertTrue(assertSame(file).out().contains("\"kind\":\"controlnet\""));
  }

  @Test
  void anIpAdapter() throws IOException {
    Path file = Files.write(
        folder.resolve("ip-adapter.safetensors"),
        safetensors(
            List.of(
                "image_proj.proj.weight 3072,1024",
                "image_proj.proj.bias 3072",
                "image_proj.norm.weight 768",
                "image_proj.norm.bias 768",
                "ip_adapter.1.to_k_ip.weight 320,768",
                "ip_adapter.1.to_v_ip.weight 320,768"),
            ""));
    String found = assertSame(file).out();
    assertTrue(found.contains("\"kind\":\"ip-adapter\",\"family\":\"sd1\""), found);
  }

  @Test
  void anImageEncoder() throws IOException {
    Path network = network(
        "{\"architectures\": [\"CLIPVisionModelWithProjection\"]}",
        "model.safetensors",
        "vision_model.embeddings.class_embedding 1280",
        "visual_projection.weight 1024,1280");
    assertNetwork(network, "image-encoder", "unknown", "CLIPVisionModelWithProjection");
  }

  @Test
  void anImageEncoderInAFolderOfARepositoryInShards() throws IOException {
    Path network = network(
        "{\"architectures\": [\"CLIPVisionModelWithProjection\"]}",
        "model-00001-of-00001.safetensors",
        "vision_model.embeddings.class_embedding 1280");
    Files.writeString(
        network.resolve("model.safetensors.index.json"),
        "{\"metadata\": {}, \"weight_map\": {\"vision_model.embeddings.class_embedding\":"
            + " \"model-00001-of-00001.safetensors\"}}");
    Path models = Files.createDirectories(folder.resolve("models"));
    Files.move(network, models.resolve("image_encoder"));
    publish(models);
    CommandResult here =
        CommandResult.of("inspect", models.resolve("image_encoder").toString(), "--json");
    String address = "hf:" + REPOSITORY + ":image_encoder";
    CommandResult there = CommandResult.of("inspect", address, "--json");
    assertEquals(
        here.out().replace(models.resolve("image_encoder").toString(), address), there.out());
    assertTrue(there.out().contains("\"kind\":\"image-encoder\""), there.out());
  }

  @Test
  void aTinyAutoencoder() throws IOException {
    Path network = network(
        "{\"_class_name\": \"AutoencoderTiny\"}",
        "diffusion_pytorch_model.safetensors",
        "decoder.layers.0.weight 64,4,3,3",
        "encoder.layers.0.weight 64,3,3,3");
    assertNetwork(network, "vae", "unknown", "AutoencoderTiny");
  }

  @Test
  void aNetworkWithoutWeights() throws IOException {
    Path network = Files.createDirectory(folder.resolve("network"));
    Files.writeString(network.resolve("config.json"), "{\"_class_name\": \"AutoencoderTiny\"}");
    CommandResult here = CommandResult.of("inspect", network.toString());
    assertEquals(3, here.status());
    assertEquals(
        List.of(network + " has no weights; expected diffusion_pytorch_model.safetensors or"
            + " model.safetensors"),
        here.errorLines());
  }

  @Test
  void aDetector() throws IOException {
    Path file = Files.write(folder.resolve("detector.onnx"), new byte[] {8, 7, 18, 4});
    publish(file);
    String address = "hf:" + REPOSITORY + ":detector.onnx";
    CommandResult here = CommandResult.of("inspect", file.toString(), "--json");
    CommandResult there = CommandResult.of("inspect", address, "--json");
    assertEquals(here.out().replace(file.toString(), address), there.out());
    assertEquals(here.status(), there.status());
  }

  @Test
  void aTextualInversion() throws IOException {
    Path file = Files.write(
        folder.resolve("word.safetensors"), safetensors(List.of("emb_params 2,768"), ""));
    assertTrue(assertSame(file).out().contains("\"kind\":\"textual-inversion\""));
  }

  @Test
  void aBrokenHeader() throws IOException {
    byte[] bytes = safetensors(List.of("a 4,4"), "");
    bytes[20] = '\'';
    Path file = Files.write(folder.resolve("broken.safetensors"), bytes);
    assertEquals(3, assertSame(file).status());
  }

  @Test
  void aPageForPeople() throws IOException {
    Path file = Files.writeString(
        folder.resolve("page.safetensors"), "<!DOCTYPE html><html>" + " ".repeat(200_000));
    assertEquals(3, assertSame(file).status());
  }

  @Test
  void aPickleAlone() throws IOException {
    int floats = 700_000;
    Path file = CraftedPickle.zip(
        folder,
        CraftedPickle.start()
            .raw("}(")
            .text("model.diffusion_model.weight")
            .tensor("0", floats, 0, new long[] {700, 1000}, new long[] {1000, 1})
            .raw("u")
            .stop(),
        floats);
    CommandResult there = assertSame(file);
    assertTrue(there.out().contains("\"format\":\"pickle\""), there.out());
    String text = CommandResult.of("inspect", "hf:" + REPOSITORY).out();
    double read = Double.parseDouble(text.lines()
        .filter(line -> line.startsWith("read "))
        .findFirst()
        .orElseThrow()
        .replaceAll("[^0-9.]", ""));
    assertTrue(read < 1.5, text);
  }

  @Test
  void publishedPickles() throws IOException {
    for (String name : List.of("lora/lora_pop.pt", "lora/learned_embeds_1.bin")) {
      Path file = Files.copy(Material.of(name), folder.resolve(Path.of(name).getFileName()));
      server.repository(REPOSITORY).clear();
      assertSame(file);
    }
  }

  @Test
  void aGatedRepository() throws IOException {
    publish(TinyBase.in(folder));
    server.repository(REPOSITORY).gated();
    CommandResult there = CommandResult.of("inspect", "hf:" + REPOSITORY);
    assertEquals(3, there.status());
    assertTrue(
        there.err().startsWith("likeness: ada/model is gated: accept its licence at "),
        there.err());
  }

  /** The lines about memory, without what changes from one moment to the next. */
  private static List<String> memoryLines(String inspected) {
    CommandResult run = CommandResult.of("inspect", inspected);
    assertEquals(0, run.status(), run.err());
    return run.out()
        .lines()
        .filter(line -> line.matches("(memory|fits|training|trains)  .*"))
        .map(line -> line.matches("(memory|fits) .*")
            ? line.replaceAll("[\\d.]+ GiB", "# GiB").replaceAll("in (f32|bf16)", "in #")
            : line)
        .toList();
  }

  private void assertMemory(Path local, String... expected) throws IOException {
    assertEquals(List.of(expected), memoryLines(local.toString()));
    server.repository(REPOSITORY).clear();
    publish(local);
    assertEquals(List.of(expected), memoryLines("hf:" + REPOSITORY));
  }

  @Test
  void memoryForImagesAndTraining() throws IOException {
    String type = Compute.best().dtype().name().toLowerCase(Locale.ROOT);
    assertMemory(
        TinyBase.in(folder),
        IMAGE,
        FITS.replace("cpu", Compute.best().device()),
        "training     0.4 GiB, 0.4 GiB with gradient checkpointing, for a LoRA of rank 16 in "
            + type + " at 32x32",
        "trains       yes");
  }

  /** The lines about time, of which the numbers are those of this moment. */
  private static List<String> timeLines(String inspected) {
    return CommandResult.of("inspect", inspected)
        .out()
        .lines()
        .filter(line -> line.matches("(time|trains in)  .*"))
        .map(line -> line.replaceAll("(about|at least) [\\d.e+-]+ (s|min|h)\\b", "at least # s")
            .replaceAll("[\\d.e+-]+ (s|min|h)\\b", "# s")
            .replaceAll("[\\d.e+-]+ (TFLOP|GFLOP)", "# $1")
            .replaceAll("photos: \\d+ steps", "photos: # steps")
            .replaceAll("in (f32|bf16),", "in #,"))
        .toList();
  }

  @Test
  void timeOfAnImageAndOfATraining() throws IOException {
    Path base = TinyBase.in(folder);
    List<String> expected = List.of(
        "time         at least # s for one image of 32x32 in 50 steps with guidance: # TFLOP at # GFLOP"
            + " a second in #, as just measured on this machine",
        "trains in    at least # s on 10 photos: # steps of # s at 32x32");
    assertEquals(expected, timeLines(base.toString()));
    publish(base);
    assertEquals(expected, timeLines("hf:" + REPOSITORY));
  }

  @Test
  void aBaseThatCannotBeTrained() throws IOException {
    assertMemory(
        GoldenFolder.write("inpainting", GoldenFolder.KeyFormat.CURRENT, folder).path(),
        IMAGE,
        FITS.replace("cpu", Compute.best().device()),
        "trains       no; a base for inpainting cannot be trained: its network takes 9 channels,"
            + " but latents have 4; train the text-to-image base of its family");
  }

  @Test
  void aDistilledTransformerWhoseWeightsAreAbsent() throws IOException {
    Path base = PipelineFolder.write("klein/distilled", folder).path();
    LoraTrainer trainer;
    double kept;
    double checkpointed;
    int side;
    try (BaseModel opened = BaseModel.open(base, Compute.best())) {
      trainer = new LoraTrainer(TrainingPreset.BALANCED.of(opened, 10).batchSize(1));
      side = opened.defaults().width();
      kept = trainer.memory(opened).bytes();
      checkpointed = new LoraTrainer(trainer.settings().gradientCheckpointing(true))
          .memory(opened)
          .bytes();
    }
    fillWithNaN(base.resolve("transformer/diffusion_pytorch_model.safetensors"));
    InvalidInputException refused =
        assertThrows(InvalidInputException.class, () -> BaseModel.open(base, Compute.best()));
    assertTrue(refused.getMessage().contains("NaN"), refused.getMessage());
    assertMemory(
        base,
        IMAGE,
        FITS.replace("cpu", Compute.best().device()),
        String.format(
            Locale.ROOT,
            "training     %.1f GiB, %.1f GiB with gradient checkpointing, for a LoRA of rank %d in"
                + " %s at %dx%d",
            kept / (1L << 30),
            checkpointed / (1L << 30),
            trainer.settings().rank(),
            Compute.best().dtype().name().toLowerCase(Locale.ROOT),
            side,
            side),
        "trains       yes; this distilled base needs a training adapter");
  }

  private static void fillWithNaN(Path weights) throws IOException {
    long start = SafetensorsHeader.read(weights).dataStart();
    byte[] bytes = Files.readAllBytes(weights);
    Arrays.fill(bytes, (int) start, bytes.length, (byte) 0xff);
    Files.write(weights, bytes);
  }

  @Test
  void aBaseThatCannotBeOpenedIsStillInspected() throws IOException {
    Path base = TinyBase.in(folder);
    Files.delete(base.resolve("tokenizer/tokenizer.json"));
    List<String> lines = memoryLines(base.toString());
    assertEquals(3, lines.size(), lines.toString());
    assertEquals(IMAGE, lines.get(0));
    assertTrue(lines.get(2).startsWith("training     unknown: " + base), lines.toString());
  }

  @Test
  void nothingIsLeftBehind() throws IOException {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    Optional<Path> newestBefore = newest(temporary);
    publish(TinyBase.in(folder));
    assertEquals(0, CommandResult.of("inspect", "hf:" + REPOSITORY).status());
    assertEquals(newestBefore, newest(temporary));
    assertFalse(Files.exists(folder.resolve("cache")));
  }

  private static Optional<Path> newest(Path temporary) throws IOException {
    try (Stream<Path> all = Files.list(temporary)) {
      return all.filter(path -> path.getFileName().toString().matches("likeness\\d+"))
          .max(Comparator.comparing(Path::toString));
    }
  }
}
