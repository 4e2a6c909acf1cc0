package dev.likeness.ipadapter.internal.method;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A file or folder that the publishers of a method give out.
 *
 * @param part what it is for
 * @param name the name that its publishers gave it
 * @param place the catalogue's name of it, or the address of its release
 */
public record PublishedFile(Part part, String name, String place) {
  /** What a file of a method is for. */
  public enum Part {
    ADAPTER,
    IMAGE_ENCODER,
    FACE_PARSER,
    FACE_EMBEDDER,
    CONTROL_NET,
    LORA
  }

  private static final List<String> ENDINGS = List.of(".safetensors", ".onnx", ".pth", ".pt");

  /** Returns the model of the catalogue that it is; empty if the catalogue does not have it. */
  public Optional<CatalogueModel> model() {
    return ModelCatalogue.builtIn().find(place);
  }

  /** Returns the words for where it is published, with a space before. */
  public String where() {
    return " (" + words() + ")";
  }

  /** Returns the words for where it is published. */
  public String words() {
    return model().map(model -> place + " of the catalogue, " + model.address()).orElse(place);
  }

  /** Finds it in a folder by its published name, or with another ending of tensor files. */
  public Optional<Path> find(Path folder) {
    return Stream.concat(Stream.of(name), ENDINGS.stream().map(ending -> stem(name) + ending))
        .map(folder::resolve)
        .filter(Files::exists)
        .findFirst();
  }

  /** Returns true if a file has its name, with any ending of tensor files. */
  public boolean isNamed(String file) {
    return stem(file).equals(stem(name));
  }

  private static String stem(String name) {
    return ENDINGS.stream()
        .filter(name::endsWith)
        .findFirst()
        .map(ending -> name.substring(0, name.length() - ending.length()))
        .orElse(name);
  }
}
