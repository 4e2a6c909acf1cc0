package dev.likeness.cli.inspect;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.ComputeRate;
import dev.likeness.diffusion.internal.memory.HeadersAlone;
import dev.likeness.diffusion.internal.memory.NetworkWork;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.training.TrainingPreset;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The time that a base needs on this machine for an image and for the training of a LoRA: the
 * operations of its own layers, divided by the rate of a short measurement. Only headers of weights
 * are read.
 */
public final class BaseTime {
  private static final int PHOTOS = 10;
  private static final String WEIGHT = ".weight";
  private static final int CLIP_TOKENS = 77;
  private static final double MINUTE = 60;
  private static final double HOUR = 3600;
  /** Norms, activations and copies take memory traffic, which the operations do not count. */
  private static final double BESIDE_OPERATIONS = 1.25;
  /**
   * Calls for each layer of a network: of the layer itself, and of norms, activations, sums and
   * changes of shape beside it. They decide the time of small networks.
   */
  private static final double CALLS = 20;
  /** The calls of a training step: forward, back, and those of a LoRA and its optimizer. */
  private static final double TRAINING_CALLS = 3 * CALLS;

  private static final Pattern UP_BLOCK =
      Pattern.compile("decoder\\.up_blocks\\.(\\d+)\\.(upsamplers)?.*");

  private BaseTime() {}

  /**
   * Returns the estimates for a base: {@code time} of an image, and {@code trains in} of a LoRA if
   * it can be trained; empty if the base does not open.
   *
   * @param base a folder or file; of its weights, only the headers have to be there
   */
  public static Map<String, String> of(Path base) {
    Map<String, String> lines = new LinkedHashMap<>();
    Compute compute = Compute.best();
    try (HeadersAlone headers = HeadersAlone.open();
        BaseModel model = BaseModel.open(base, compute)) {
      ModelComponents files = ModelOpener.open(base);
      ComputeRate rate = ComputeRate.measure(compute);
      addImage(lines, model, files, rate);
      addTraining(lines, model, rate);
    } catch (LikenessException e) {
      // The estimate of the memory reports it.
      return Map.of();
    }
    return lines;
  }

  private static void addImage(
      Map<String, String> lines, BaseModel model, ModelComponents files, ComputeRate rate) {
    OpenModel opened = EngineAccess.model(model);
    GenerationDefaults defaults = model.defaults();
    int pixels = latentPixels(opened, defaults.width(), defaults.height());
    boolean isGuided = opened.isGuided(ImageRequest.of("").guidance(defaults.guidance()));
    double passes = defaults.steps() * (isGuided ? 2.0 : 1.0);
    Map<String, long[]> layers = layers(opened);
    NetworkWork all = network(opened, layers, pixels)
        .times(passes)
        .plus(texts(opened, files).times(isGuided ? 2 : 1))
        .plus(decoding(files, pixels));
    lines.put(
        "time",
        estimate(
                BESIDE_OPERATIONS * rate.seconds(all),
                CALLS * layers.size() * defaults.steps() * rate.call())
            + " for one image of "
            + defaults.width() + "x" + defaults.height() + " in " + defaults.steps() + " steps"
            + (isGuided ? " with guidance" : "")
            + String.format(
                Locale.ROOT,
                ": %.3g TFLOP at %.0f GFLOP a second in %s, as just measured on this machine",
                all.operations() / 1e12,
                all.operations() / rate.seconds(all) / 1e9,
                model.compute().dtype().name().toLowerCase(Locale.ROOT)));
  }

  private static void addTraining(Map<String, String> lines, BaseModel model, ComputeRate rate) {
    OpenModel opened = EngineAccess.model(model);
    TrainingSettings settings;
    try {
      TrainingTarget.of(opened);
      settings = TrainingPreset.BALANCED.of(model, PHOTOS);
    } catch (IllegalArgumentException e) {
      return;
    }
    int side = model.defaults().width();
    Map<String, long[]> layers = layers(opened);
    double work = BESIDE_OPERATIONS
        * rate.trainingSeconds(network(opened, layers, latentPixels(opened, side, side)))
        * settings.batchSize();
    double calls = TRAINING_CALLS * layers.size() * rate.call();
    lines.put(
        "trains in",
        estimate(work * settings.steps(), calls * settings.steps()) + " on " + PHOTOS + " photos: "
            + settings.steps() + " steps of " + duration(work + calls) + " at " + side + "x"
            + side);
  }

  private static int latentPixels(OpenModel model, int width, int height) {
    int factor = model.autoencoder().vaeScaleFactor();
    return width / factor * (height / factor);
  }

  private static NetworkWork network(
      OpenModel model, Map<String, long[]> layers, int latentPixels) {
    return NetworkWork.of(model.layout(latentPixels), layers);
  }

  /** Returns the shape of the weight of each layer of the denoising network. */
  private static Map<String, long[]> layers(OpenModel model) {
    Map<String, long[]> weights = new LinkedHashMap<>();
    for (String name : model.tensorNames(model.denoiser())) {
      long[] shape = model.tensorShape(model.denoiser(), name);
      if (name.endsWith(WEIGHT) && (shape.length == 2 || shape.length == 4)) {
        weights.put(name.substring(0, name.length() - WEIGHT.length()), shape);
      }
    }
    return weights;
  }

  /** Returns the work of the text encoders for one prompt; of a vocabulary, one row is read. */
  private static NetworkWork texts(OpenModel model, ModelComponents files) {
    NetworkWork all = NetworkWork.NONE;
    for (String component : files.componentNames()) {
      if (!component.startsWith("text_encoder") || files.componentClass(component) == null) {
        continue;
      }
      long tokens = files.componentClass(component).startsWith("CLIP")
          ? CLIP_TOKENS
          : model.family().memory(files).textTokens();
      try (TensorSource source = files.weights(component)) {
        for (String name : source.names()) {
          long[] shape = source.shape(name);
          if (shape.length == 2 && !name.matches(".*(embed|shared|lm_head).*")) {
            all = all.plus(NetworkWork.ofLayer(shape, tokens));
          }
        }
      }
    }
    return all;
  }

  /** Returns the work of decoding an image; none for autoencoders of another form. */
  private static NetworkWork decoding(ModelComponents files, int latentPixels) {
    try (TensorSource source = files.weights("vae")) {
      int levels = levels(source);
      NetworkWork all = NetworkWork.NONE;
      for (String name : source.names()) {
        long[] shape = source.shape(name);
        if (levels > 0
            && name.startsWith("decoder.")
            && name.endsWith(WEIGHT)
            && (shape.length == 2 || shape.length == 4)) {
          all = all.plus(
              NetworkWork.ofLayer(shape, latentPixels * Math.pow(4, doublings(name, levels))));
        }
        if (name.matches("decoder\\.mid_block\\.attentions\\.\\d+\\.to_q\\.weight")) {
          all = all.plus(NetworkWork.ofAttention((double) latentPixels * latentPixels, shape[0]));
        }
      }
      return all;
    }
  }

  private static int levels(TensorNames source) {
    int levels = 0;
    for (String name : source.names()) {
      Matcher block = UP_BLOCK.matcher(name);
      levels = block.matches() ? Math.max(levels, Integer.parseInt(block.group(1)) + 1) : levels;
    }
    return levels;
  }

  /** Returns how often the decoder has doubled the sides at a layer. */
  private static int doublings(String name, int levels) {
    Matcher block = UP_BLOCK.matcher(name);
    if (block.matches()) {
      return Integer.parseInt(block.group(1)) + (block.group(2) == null ? 0 : 1);
    }
    return name.startsWith("decoder.conv_out") ? levels - 1 : 0;
  }

  /**
   * Returns an estimate in words. It is a lower limit for small networks, whose time is that of
   * calls.
   */
  private static String estimate(double work, double calls) {
    return (calls > work ? "at least " : "about ") + duration(work + calls);
  }

  private static String duration(double seconds) {
    return seconds < MINUTE
        ? String.format(Locale.ROOT, seconds < 1 ? "%.2f s" : "%.1f s", seconds)
        : seconds < HOUR
            ? String.format(Locale.ROOT, "%.1f min", seconds / MINUTE)
            : String.format(Locale.ROOT, "%.1f h", seconds / HOUR);
  }
}
