package dev.likeness.ipadapter.internal.method;

import dev.likeness.diffusion.catalogue.ModelCatalogue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The files that identity methods need beside their adapters, by the names that their publishers
 * gave them, and where they are published.
 */
public final class PublishedFiles {
  /** The vision tower of PuLID. */
  public static final String TOWER = "EVA02_CLIP_L_336_psz14_s6B.pt";
  /** The face parser of PuLID. */
  public static final String PARSER = "parsing_bisenet.pth";
  /** The folder of the image encoder of an IP-Adapter. */
  public static final String IMAGE_ENCODER = "image_encoder";

  /** The names of networks that are no adapters, though their files may have the same ending. */
  public static final List<String> NETWORKS = List.of(
      TOWER,
      PARSER,
      Recogniser.BUFFALO_L.file(),
      Recogniser.ANTELOPE.file(),
      Recogniser.IR_SE_50.file());

  /** Of a file by its name: the catalogue's name of it, or the address of its release. */
  private static final Map<String, String> PLACES = Map.of(
      TOWER,
      "eva02-clip-l-336",
      "ControlNetModel",
      "instantid-controlnet",
      "InfuseNetModel",
      "infusenet",
      Recogniser.ANTELOPE.file(),
      "antelopev2",
      PARSER,
      "https://github.com/xinntao/facexlib/releases/download/v0.2.0/parsing_bisenet.pth",
      Recogniser.IR_SE_50.file(),
      "https://github.com/xinntao/facexlib/releases/download/v0.1.0/recognition_arcface_ir_se50.pth",
      Recogniser.BUFFALO_L.file(),
      "https://github.com/deepinsight/insightface/releases/download/v0.7/buffalo_l.zip");

  private static final List<String> ENDINGS = List.of(".safetensors", ".onnx", ".pth", ".pt");

  // CLIP ViT-H, whose encoder the catalogue has.
  private static final long VIT_H_PROJECTION = 1024;
  private static final long VIT_H_WIDTH = 1280;

  private PublishedFiles() {}

  /** Returns the words for where a file is published, with a space before; empty if not known. */
  public static String place(String file) {
    String place = PLACES.get(file);
    return place == null ? "" : " (" + words(place) + ")";
  }

  /** Returns the words for where all given files are published, with a space before. */
  public static String places(String... files) {
    return Stream.of(files)
        .map(PLACES::get)
        .map(PublishedFiles::words)
        .collect(Collectors.joining("; ", " (", ")"));
  }

  private static String words(String place) {
    return ModelCatalogue.builtIn()
        .find(place)
        .map(model -> place + " of the catalogue, " + model.address())
        .orElse(place);
  }

  /** Returns the words for where an image encoder of CLIP is published; empty if not known. */
  static String encoderPlace(long width, boolean isPooled) {
    boolean isViTH = width == (isPooled ? VIT_H_PROJECTION : VIT_H_WIDTH);
    return isViTH ? " (" + words("ip-adapter-encoder") + ")" : "";
  }

  /** Returns the name of a file without its ending. */
  public static String stem(String name) {
    return ENDINGS.stream()
        .filter(name::endsWith)
        .findFirst()
        .map(ending -> name.substring(0, name.length() - ending.length()))
        .orElse(name);
  }

  /** Finds a file or folder by its published name, or with another ending of tensor files. */
  public static Optional<Path> find(Path folder, String name) {
    return Stream.concat(Stream.of(name), ENDINGS.stream().map(ending -> stem(name) + ending))
        .map(folder::resolve)
        .filter(Files::exists)
        .findFirst();
  }
}
