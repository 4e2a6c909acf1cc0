package dev.likeness.diffusion.golden;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A tiny diffusers folder of {@code tools/goldens/sd1.py} or {@code sdxl.py}, written with weights
 * made from their seeds, and what the reference computed with it.
 *
 * @param path the folder
 * @param variant its name in {@code tools/goldens/sd1_variants.py}
 */
public record GoldenFolder(Path path, String variant) {
  /**
   * How a folder spells its keys and its tokenizer: as published checkpoints do, or as today's
   * libraries save it.
   */
  public enum KeyFormat {
    PUBLISHED,
    CURRENT
  }

  // Python's writer leaves the infinities of a scheduler unquoted.
  private static final JSON PYTHON_JSON = JSON.builder(
          JsonFactory.builder().disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS).build())
      .build();
  private static final String SD1 = "/golden/sd1/";
  private static final String SDXL = "/golden/sdxl/";
  private static final List<String> PUBLISHED_TOKENIZER =
      List.of("vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json");
  private static final List<String> CURRENT_TOKENIZER =
      List.of("tokenizer.json", "tokenizer_config.json");
  private static final Map<String, String> OLD_NAMES =
      Map.of("to_q", "query", "to_k", "key", "to_v", "value", "to_out.0", "proj_attn");

  /** Every variant whose tokenizer is the small one. */
  public static List<String> variants() {
    return List.of(
        "base",
        "four-levels",
        "v-prediction",
        "lists",
        "no-middle",
        "gelu",
        "sample-prediction",
        "time-embedding",
        "bare-vae",
        "eight-latents",
        "tiny-autoencoder",
        "outdated-schedule");
  }

  /** Every variant of SDXL, its refiner last. */
  public static List<String> xlVariants() {
    return List.of("xl-base", "xl-words-for-nothing", "xl-means", "xl-inpainting", "xl-refiner");
  }

  /**
   * Writes {@code variant} below {@code parent}; one that ends in {@code -told} is as
   * {@code consistency.py} has it.
   */
  public static GoldenFolder write(String variant, KeyFormat spelling, Path parent) {
    if (variant.endsWith("-told")) {
      return write(variant.replace("-told", ""), spelling, parent).withLcm();
    }
    Path out = parent.resolve(variant + "-" + spelling.name().toLowerCase(Locale.ROOT));
    for (String file : List.of(
        "model_index.json",
        "scheduler/scheduler_config.json",
        "unet/config.json",
        "vae/config.json")) {
      GoldenResource.copy(root(variant) + variant + "/" + file, out.resolve(file));
    }
    for (String file : List.of("reference.json", "reference.safetensors")) {
      if (GoldenResource.exists(root(variant) + variant + "/" + file)) {
        GoldenResource.copy(root(variant) + variant + "/" + file, out.resolve(file));
      }
    }
    boolean published = spelling == KeyFormat.PUBLISHED;
    Map<String, Object> parts = GoldenResource.json(root(variant) + variant + "/weights.json.gz");
    writePart(
        parts,
        "unet",
        out.resolve("unet/diffusion_pytorch_model.safetensors"),
        name -> name,
        false);
    writePart(
        parts,
        "vae",
        out.resolve("vae/diffusion_pytorch_model.safetensors"),
        published ? GoldenFolder::oldAttention : name -> name,
        false);
    if (parts.containsKey("text_encoder")) {
      writeText(
          parts,
          "text_encoder",
          variant.matches("v-prediction|sd2-.*") ? "sd2" : "sd1",
          spelling,
          variant,
          out);
    }
    if (parts.containsKey("text_encoder_2")) {
      writeText(parts, "text_encoder_2", "sd2", spelling, variant, out);
    }
    return new GoldenFolder(out, variant);
  }

  private GoldenFolder withLcm() {
    schedule(Map.of("_class_name", "LCMScheduler"));
    option(path.resolve("unet/config.json"), "time_cond_proj_dim", 16);
    if (variant.equals("base")) {
      option(path.resolve("model_index.json"), "_class_name", "LatentConsistencyModelPipeline");
    }
    Path weights = path.resolve("unet/diffusion_pytorch_model.safetensors");
    try (TensorScope scope = TensorScope.open();
        Safetensors plain = Safetensors.open(weights)) {
      Map<String, Tensor> unet = SeededWeights.of(
          Map.of(
              "time_embedding.cond_proj.weight", new long[] {plain.shape("conv_in.weight")[0], 16}),
          1100);
      plain.names().forEach(name -> unet.put(name, plain.read(name)));
      SafetensorsWriter.write(weights, unet, Map.of("format", "pt"));
    }
    return this;
  }

  private static String root(String variant) {
    return variant.startsWith("xl-") ? SDXL : SD1;
  }

  private static void writeText(
      Map<String, Object> parts,
      String part,
      String words,
      KeyFormat spelling,
      String variant,
      Path out) {
    boolean published = spelling == KeyFormat.PUBLISHED;
    GoldenResource.copy(
        root(variant) + variant + "/" + part + "/config.json",
        out.resolve(part).resolve("config.json"));
    String tokenizer = SD1 + "tokenizers/" + words + (published ? "-published/" : "-today/");
    for (String file : published ? PUBLISHED_TOKENIZER : CURRENT_TOKENIZER) {
      GoldenResource.copy(
          tokenizer + file,
          out.resolve(part.replace("text_encoder", "tokenizer")).resolve(file));
    }
    boolean keepsPrefix = published || part.equals("text_encoder_2");
    writePart(
        parts,
        part,
        out.resolve(part).resolve("model.safetensors"),
        keepsPrefix ? name -> name : name -> name.replaceFirst("^text_model\\.", ""),
        published);
  }

  /** What the reference computed. */
  public GoldenReference reference() {
    return GoldenReference.open(path);
  }

  /** Makes the scheduler of {@code run} the folder's own. */
  public void schedule(GoldenReference.Run run) {
    schedule(run.scheduler());
  }

  /** Makes this scheduler the folder's own. */
  public void schedule(Map<String, Object> scheduler) {
    schedule(path, scheduler);
  }

  /** Makes this scheduler the own one of any model's folder, whose index names its class. */
  public static void schedule(Path folder, Map<?, ?> scheduler) {
    option(
        folder.resolve("model_index.json"),
        "scheduler",
        List.of("diffusers", scheduler.get("_class_name")));
    try {
      Files.write(
          folder.resolve("scheduler/scheduler_config.json"), PYTHON_JSON.asBytes(scheduler));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void option(Path file, String name, Object value) {
    try {
      Map<String, Object> options = PYTHON_JSON.mapFrom(Files.readAllBytes(file));
      options.put(name, value);
      Files.write(file, PYTHON_JSON.asBytes(options));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The shapes by name of one part in a {@code weights.json} or key list. */
  public static Map<String, long[]> shapes(Map<?, ?> lists) {
    Map<String, long[]> shapes = new HashMap<>();
    lists.forEach((name, shape) -> shapes.put(
        (String) name,
        ((List<?>) shape)
            .stream().mapToLong(size -> ((Number) size).longValue()).toArray()));
    return shapes;
  }

  private static void writePart(
      Map<String, Object> parts,
      String part,
      Path file,
      UnaryOperator<String> spelled,
      boolean positionIds) {
    Map<?, ?> recipe = (Map<?, ?>) parts.get(part);
    String name = file.getParent().getParent().getFileName() + "/" + part;
    SeededFiles.write(file, name, () -> {
      Map<String, Tensor> tensors = new HashMap<>();
      SeededWeights.of(
              shapes((Map<?, ?>) recipe.get("tensors")), ((Number) recipe.get("seed")).longValue())
          .forEach((key, tensor) -> tensors.put(spelled.apply(key), tensor));
      if (positionIds) {
        long positions =
            tensors.get("text_model.embeddings.position_embedding.weight").size(0);
        tensors.put(
            "text_model.embeddings.position_ids",
            torch
                .arange(new Scalar(positions), new TensorOptions(ScalarType.Long))
                .unsqueeze(0));
      }
      return tensors;
    });
  }

  private static String oldAttention(String name) {
    if (!name.contains("mid_block.attentions.0.")) {
      return name;
    }
    return OLD_NAMES.entrySet().stream()
        .filter(e -> name.contains("." + e.getKey() + "."))
        .findFirst()
        .map(e -> name.replace("." + e.getKey() + ".", "." + e.getValue() + "."))
        .orElse(name);
  }

  /**
   * Opens a Stable Diffusion folder in f32 with every network loaded and used, so that it keeps all
   * that it will, as a fixture whose tests are watched for leaks: weights in the order of each
   * shape of image, which differ from CPU to CPU.
   */
  public static BaseModel load(Path folder) {
    BaseModel base = BaseModel.open(folder, Compute.EXACT);
    Stream.of("text_encoder", "text_encoder_2", "unet", "vae")
        .filter(part -> Files.exists(folder.resolve(part)))
        .forEach(EngineAccess.model(base).networks(StableDiffusionNetworks.class)::load);
    generate(base, 24, 16);
    generate(base, 16, 24);
    return base;
  }

  private static void generate(BaseModel base, int width, int height) {
    ImageRequest all = ImageRequest.of("all").steps(1).size(width, height);
    base.generateAll(all);
    base.generate(all.guidance(1));
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      EngineAccess.model(base)
          .networks(StableDiffusionNetworks.class)
          .autoencoder()
          .encode(torch.zeros(1, 3, height, width));
    }
  }
}
