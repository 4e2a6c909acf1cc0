package dev.likeness.diffusion.model;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.text.ClipTextConfig;
import dev.likeness.diffusion.text.ClipTextEncoder;
import dev.likeness.diffusion.text.ClipTokenizer;
import dev.likeness.diffusion.unet.UNet2DConditionModel;
import dev.likeness.diffusion.unet.UNetConfig;
import dev.likeness.diffusion.vae.Autoencoder;
import dev.likeness.diffusion.vae.AutoencoderConfig;
import dev.likeness.diffusion.vae.AutoencoderKL;
import dev.likeness.diffusion.vae.AutoencoderTiny;
import dev.likeness.diffusion.vae.AutoencoderTinyConfig;
import dev.likeness.diffusion.weights.LoadedWeights;
import dev.likeness.diffusion.weights.ModelConfig;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The networks of a Stable Diffusion 1.x or 2.x folder, opened and checked. Building an adapted view of a network reads
 * no weight again: all views share the tensors loaded here. Immutable and shared by threads.
 */
public final class StableDiffusion implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Compute compute;
  private final UNetConfig unetConfig;
  private final LoadedWeights unetWeights;
  private final ClipTextConfig textConfig;
  private final LoadedWeights textWeights;
  private final Autoencoder autoencoder;
  private final ClipTokenizer tokenizer;
  private final SchedulerConfig scheduler;

  private StableDiffusion(ModelFolder folder, Compute compute) {
    this.compute = compute;
    try {
      tokenizer = opened(ClipTokenizer.open(folder.component("tokenizer")));
      scheduler = scheduler(folder.scheduler());
      textConfig = ClipTextConfig.of(folder.config("text_encoder"));
      textWeights = opened(new LoadedWeights(Spelling.textEncoder(folder.weights("text_encoder")), compute));
      textEncoder(Adaptation.NONE);
      textWeights.requireAllRead(Set.of());
      unetConfig = UNetConfig.of(folder.config("unet"));
      unetWeights = opened(new LoadedWeights(folder.weights("unet"), compute));
      unet(Adaptation.NONE);
      unetWeights.requireAllRead(Set.of());
      LoadedWeights vae = opened(new LoadedWeights(Spelling.autoencoder(folder.weights("vae")), compute));
      autoencoder = autoencoder(folder, vae);
      vae.requireAllRead(Set.of());
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens a folder and checks every tensor against its config.
   *
   * @throws UnusableInput when a part is missing, misshapen, left over, or of a class that is not supported
   */
  public static StableDiffusion open(ModelFolder folder, Compute compute) {
    requireClass(folder, "unet", Set.of("UNet2DConditionModel"));
    requireClass(folder, "text_encoder", Set.of("CLIPTextModel"));
    requireClass(folder, "vae", Set.of("AutoencoderKL", "AutoencoderTiny"));
    return new StableDiffusion(folder, compute);
  }

  private static void requireClass(ModelFolder folder, String component, Set<String> known) {
    String name = folder.componentClass(component);
    if (!known.contains(name)) {
      throw new UnusableInput(folder.root() + ": model_index.json says that " + component + " is "
          + (name == null ? "absent" : "a " + name) + "; supported: " + String.join(", ", known));
    }
  }

  private static Autoencoder autoencoder(ModelFolder folder, LoadedWeights weights) {
    ModelConfig config = folder.config("vae");
    return folder.componentClass("vae").equals("AutoencoderTiny")
        ? new AutoencoderTiny(AutoencoderTinyConfig.of(config), Weights.of(weights))
        : new AutoencoderKL(AutoencoderConfig.of(config), Weights.of(weights));
  }

  /** The folder's scheduler as diffusers' Stable Diffusion pipelines take it: they overrule two options of old configs. */
  private static SchedulerConfig scheduler(ModelConfig config) {
    try {
      Map<String, Object> given = new LinkedHashMap<>(config.values());
      Options known = SchedulerConfig.of(given).options();
      Map.of("steps_offset", 1, "clip_sample", false).forEach((option, value) -> {
        if (known.has(option) || given.containsKey(option)) {
          given.put(option, value);
        }
      });
      return SchedulerConfig.of(given);
    } catch (IllegalArgumentException e) {
      throw new UnusableInput(config.where() + ": " + e.getMessage(), e);
    }
  }

  private <T extends AutoCloseable> T opened(T part) {
    open.push(part);
    return part;
  }

  public Compute compute() {
    return compute;
  }

  public UNetConfig unetConfig() {
    return unetConfig;
  }

  /** The UNet as an adaptation has it. */
  public UNet2DConditionModel unet(Adaptation adaptation) {
    return new UNet2DConditionModel(unetConfig, Weights.of(unetWeights, adaptation));
  }

  /** The text tower as an adaptation has it. */
  public ClipTextEncoder textEncoder(Adaptation adaptation) {
    return new ClipTextEncoder(textConfig, Weights.of(textWeights, adaptation));
  }

  /** The names of a part's tensors, from which adapters learn its modules. */
  public Set<String> tensorNames(Part part) {
    return switch (part) {
      case UNET -> unetWeights.names();
      case TEXT_ENCODER -> textWeights.names();
      case TEXT_ENCODER_2 -> Set.of();
    };
  }

  /** The shape of one of {@link #tensorNames}. */
  public long[] tensorShape(Part part, String name) {
    return (part == Part.UNET ? unetWeights : textWeights).shape(name);
  }

  public Autoencoder autoencoder() {
    return autoencoder;
  }

  public ClipTokenizer tokenizer() {
    return tokenizer;
  }

  /** The scheduler that the folder came with. */
  public SchedulerConfig scheduler() {
    return scheduler;
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        failure = failure == null ? new IllegalStateException("a part of the model did not close", e) : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
