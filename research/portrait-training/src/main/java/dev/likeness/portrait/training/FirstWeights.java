package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The weights of a finished model folder, to train it further. */
final class FirstWeights {
  private static final String UNET = "unet/diffusion_pytorch_model.safetensors";

  private FirstWeights() {}

  /**
   * Reads the UNet and the text encoder of {@code folder} under the names that the training knows
   * them by.
   */
  static void load(Path folder, TrainableWeights weights) {
    load(folder.resolve(UNET), "unet.", weights);
    load(folder.resolve("text_encoder/model.safetensors"), "text_encoder.", weights);
  }

  private static void load(Path file, String prefix, TrainableWeights weights) {
    try (Safetensors saved = Safetensors.open(file)) {
      weights.load(RenamedSource.of(saved, name -> prefix + name));
    }
  }

  /**
   * Copies the tokenizer of {@code folder}, whose ids the rows of its token embedding go by; newer
   * words fall into shorter pieces. Returns how many ids it has.
   */
  static int tokenizer(Path folder, Path to) {
    PortraitFolder.copy(folder.resolve("tokenizer"), to);
    try (ClipTokenizer tokenizer = ClipTokenizer.open(to)) {
      return tokenizer.end() + 1;
    }
  }

  static Path autoencoder(Path folder) {
    return folder.resolve("vae/diffusion_pytorch_model.safetensors");
  }

  /**
   * What latents are multiplied by for the networks of {@code folder}; a model that goes on keeps
   * it.
   */
  static double scale(Path folder) {
    return AutoencoderConfig.of(ModelConfig.read(folder.resolve("vae/config.json")))
        .latents()
        .scalingFactor();
  }

  /** How the weights of {@code folder} came to be, by their own header. */
  static String made(Path folder) {
    return madeOf(folder.resolve(UNET));
  }

  /**
   * {@code numbers}, after those that {@code state} says it was made with until now, where it is
   * there and they were others.
   */
  static String told(Path state, String numbers) {
    if (!Files.exists(state)) {
      return numbers;
    }
    try (Safetensors saved = Safetensors.open(state)) {
      String before = saved.header().metadata().getOrDefault("numbers", numbers);
      return before.endsWith(numbers) ? before : before + ", then " + numbers;
    }
  }

  /** How the weights of {@code file} came to be, by its own header. */
  static String madeOf(Path file) {
    try (Safetensors saved = Safetensors.open(file)) {
      Map<String, String> told = saved.header().metadata();
      if (!told.containsKey("commit")) {
        return "unknown";
      }
      String readers =
          told.containsKey("readers") ? " by readers {" + told.get("readers") + "}" : "";
      String before = told.containsKey("after") ? ", after " + told.get("after") : "";
      return "commit " + told.get("commit") + " " + told.get("numbers") + readers + before;
    }
  }
}
