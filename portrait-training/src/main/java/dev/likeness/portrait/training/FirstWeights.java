package dev.likeness.portrait.training;

import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.weights.Renamed;
import dev.likeness.diffusion.weights.Safetensors;
import java.nio.file.Path;
import java.util.Map;

/** The weights of a finished model folder, to train it further. */
final class FirstWeights {
  private static final String UNET = "unet/diffusion_pytorch_model.safetensors";

  private FirstWeights() {}

  /** Reads the UNet and the text encoder of {@code folder} under the names that the training knows them by. */
  static void load(Path folder, TrainableWeights weights) {
    Map.of("unet.", UNET, "text_encoder.", "text_encoder/model.safetensors").forEach((prefix, file) -> {
      try (Safetensors saved = Safetensors.open(folder.resolve(file))) {
        weights.load(new Renamed(saved, name -> prefix + name));
      }
    });
  }

  static Path autoencoder(Path folder) {
    return folder.resolve("vae/diffusion_pytorch_model.safetensors");
  }

  /** How the weights of {@code folder} came to be, by their own header. */
  static String made(Path folder) {
    try (Safetensors saved = Safetensors.open(folder.resolve(UNET))) {
      Map<String, String> told = saved.header().metadata();
      String before = told.containsKey("after") ? ", after " + told.get("after") : "";
      return "commit " + told.get("commit") + " " + told.get("numbers") + before;
    }
  }
}
