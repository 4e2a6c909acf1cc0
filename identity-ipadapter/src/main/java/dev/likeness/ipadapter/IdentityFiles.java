package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.ipadapter.internal.method.AdapterCompatibility;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.PublishedFiles;
import dev.likeness.ipadapter.internal.registry.AdapterHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * The files of an identity method: an adapter with the networks that it needs. One folder can hold
 * them all ({@link #findIn}), so that a program takes every method by one path. Immutable; methods
 * that change settings return a changed copy.
 *
 * @param adapter the adapter file, with the face parser if its method needs one
 * @param imageEncoder the image encoder; empty if the method needs none
 * @param faceEmbedder the face embedder; empty if the method needs none, or if it is in the folder
 *     {@code face_embedder} beside the adapter
 * @param controlNet the folder of the method's own ControlNet; empty if it is not used
 * @param controlScale the scale of this ControlNet; empty for that of the method's authors
 * @param pose the pose of the head for this ControlNet: one of {@link FaceKeypoints#poses()}; empty
 *     for a head that looks into the camera, or for the pose of the prompt if the method acts
 *     through its ControlNet alone
 */
public record IdentityFiles(
    IpAdapterFile adapter,
    Optional<Path> imageEncoder,
    Optional<Path> faceEmbedder,
    Optional<Path> controlNet,
    OptionalDouble controlScale,
    Optional<String> pose) {
  /** Checks the pose. */
  public IdentityFiles {
    pose.filter(name -> !FaceKeypoints.poses().contains(name)).ifPresent(name -> {
      throw new InvalidInputException("unknown pose " + Quoted.of(name) + "; known: "
          + String.join(", ", FaceKeypoints.poses()));
    });
  }

  /**
   * Returns the files of a method that needs its adapter only.
   *
   * @param adapter a safetensors file or a pickled {@code .bin}
   * @return the files
   */
  public static IdentityFiles of(Path adapter) {
    return of(IpAdapterFile.of(adapter));
  }

  /**
   * Returns the files of a method that needs its adapter only.
   *
   * @param adapter the adapter file
   * @return the files
   */
  public static IdentityFiles of(IpAdapterFile adapter) {
    return new IdentityFiles(
        adapter,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalDouble.empty(),
        Optional.empty());
  }

  /**
   * Finds the files of a method in a folder, by the names that their publishers gave them: one
   * adapter, or of several the one named {@code ip-adapter}; {@code glintr100.onnx},
   * {@code w600k_r50.onnx} or {@code recognition_arcface_ir_se50.pth}, or a folder
   * {@code face_embedder}; a folder {@code image_encoder}, or {@code EVA02_CLIP_L_336_psz14_s6B.pt}
   * with {@code parsing_bisenet.pth}; {@code ControlNetModel} or {@code InfuseNetModel}. Only
   * headers are read.
   *
   * @param folder the folder
   * @return the files
   * @throws InvalidInputException if the folder has no adapter or several, or a file that the
   *     adapter needs is not in it; the message names the file and where it is published
   */
  public static IdentityFiles findIn(Path folder) {
    Path file = adapterIn(folder);
    AdapterLayout layout = AdapterHeader.layout(file);
    IdentityFiles files = of(file);
    if (layout.needsFaceFeatures()) {
      files = files
          .imageEncoder(required(folder, layout, PublishedFiles.TOWER))
          .faceParser(required(folder, layout, PublishedFiles.PARSER));
    } else if (layout.needsEncoder()) {
      files = files.imageEncoder(required(folder, layout, PublishedFiles.IMAGE_ENCODER));
    }
    if (layout.needsFace() && !Files.isDirectory(folder.resolve("face_embedder"))) {
      String name = layout.faceInput().orElseThrow().recogniser().file();
      files = files.faceEmbedder(required(folder, layout, name));
    }
    Optional<IdentityMethod.OwnControlNet> own = layout.method().controlNet();
    if (own.isEmpty()) {
      return files;
    }
    String net = own.get().folder();
    return own.get().isAlone() || Files.exists(folder.resolve(net))
        ? files.controlNet(required(folder, layout, net))
        : files;
  }

  private static Path adapterIn(Path folder) {
    List<Path> candidates;
    try (Stream<Path> all = Files.list(folder)) {
      candidates = preferred(all.filter(IdentityFiles::mayBeAdapter).sorted().toList());
    } catch (IOException e) {
      throw Files.isDirectory(folder)
          ? new ResourceLimitException(
              "cannot read the folder " + folder + ": " + Quoted.reason(e)
                  + "; check that this user can read it",
              e)
          : new InvalidInputException(
              folder + " is not a folder; give the folder with the files of an identity method", e);
    }
    if (candidates.size() != 1) {
      throw new InvalidInputException("the folder " + folder + " has "
          + (candidates.isEmpty()
              ? "no adapter"
              : "several adapters (" + candidates.get(0).getFileName() + ", "
                  + candidates.get(1).getFileName() + ")")
          + "; put one .safetensors or .bin file of an identity method into it, with the networks"
          + " that it needs");
    }
    return candidates.get(0);
  }

  /** A folder of a base may have a second adapter, which encodes whole images. */
  private static List<Path> preferred(List<Path> found) {
    List<Path> usual = found.stream()
        .filter(file -> file.getFileName().toString().startsWith("ip-adapter."))
        .toList();
    return found.size() > 1 && usual.size() == 1 ? usual : found;
  }

  /** The LoRA of a FaceID adapter lies beside it and is no adapter. */
  private static boolean mayBeAdapter(Path file) {
    String name = file.getFileName().toString();
    return Files.isRegularFile(file)
        && (name.endsWith(".safetensors") || name.endsWith(".bin"))
        && !name.endsWith("_lora.safetensors")
        && PublishedFiles.NETWORKS.stream()
            .noneMatch(other -> PublishedFiles.stem(name).equals(PublishedFiles.stem(other)));
  }

  private static Path required(Path folder, AdapterLayout layout, String name) {
    return PublishedFiles.find(folder, name)
        .orElseThrow(() -> new InvalidInputException("the folder " + folder + " has "
            + layout.method().named() + ", but not " + name + ", which it needs; put it there"
            + PublishedFiles.place(name)));
  }

  /**
   * Returns a copy with the given image encoder.
   *
   * @param other a folder or a file; for PuLID, the vision tower
   * @return a changed copy
   */
  public IdentityFiles imageEncoder(Path other) {
    return new IdentityFiles(
        adapter, Optional.of(other), faceEmbedder, controlNet, controlScale, pose);
  }

  /**
   * Returns a copy with the given face parser, which PuLID needs beside its vision tower.
   *
   * @param other the face parser of {@link IpAdapterFile#faceParser(Path)}
   * @return a changed copy
   */
  public IdentityFiles faceParser(Path other) {
    return new IdentityFiles(
        adapter.faceParser(other), imageEncoder, faceEmbedder, controlNet, controlScale, pose);
  }

  /**
   * Returns a copy with the given face embedder.
   *
   * @param other the file of {@link PersonAdapter#faceEmbedder(IpAdapterFile, Path,
   *     dev.likeness.photos.embed.UsePolicy)}
   * @return a changed copy
   */
  public IdentityFiles faceEmbedder(Path other) {
    return new IdentityFiles(
        adapter, imageEncoder, Optional.of(other), controlNet, controlScale, pose);
  }

  /**
   * Returns a copy with the method's own ControlNet.
   *
   * @param folder the folder of its publishers, {@code ControlNetModel} or {@code InfuseNetModel}
   * @return a changed copy
   */
  public IdentityFiles controlNet(Path folder) {
    return new IdentityFiles(
        adapter, imageEncoder, faceEmbedder, Optional.of(folder), controlScale, pose);
  }

  /**
   * Returns a copy with the given scale of the ControlNet.
   *
   * @param scale the scale; 0 turns the ControlNet off
   * @return a changed copy
   */
  public IdentityFiles controlScale(double scale) {
    return new IdentityFiles(
        adapter, imageEncoder, faceEmbedder, controlNet, OptionalDouble.of(scale), pose);
  }

  /**
   * Returns a copy with the given pose of the head.
   *
   * @param name one of {@link FaceKeypoints#poses()}
   * @return a changed copy
   * @throws InvalidInputException if there is no such pose
   */
  public IdentityFiles pose(String name) {
    return new IdentityFiles(
        adapter, imageEncoder, faceEmbedder, controlNet, controlScale, Optional.of(name));
  }

  /**
   * Checks by the headers that the adapter fits a base, and that every file that it needs is given
   * and exists. No weights are read.
   *
   * @param base the base model
   * @return the kind of the adapter
   * @throws InvalidInputException if the adapter was made for another kind of base, or a file is
   *     missing or was not expected; the message names the file and where it is published
   */
  public IpAdapterFile.Kind requireFor(BaseModel base) {
    AdapterLayout layout = adapter.layoutFor(base);
    String name = adapter.path().toString();
    if (layout.needsFaceFeatures()) {
      require(layout, PublishedFiles.TOWER, imageEncoder);
      require(layout, PublishedFiles.PARSER, adapter.faceParser());
    } else if (layout.needsEncoder()) {
      adapter.requireEncoder(layout, imageEncoder);
    }
    if (layout.needsFace() && !Files.isDirectory(besideAdapter())) {
      require(layout, layout.faceInput().orElseThrow().recogniser().file(), faceEmbedder);
    }
    Optional<IdentityMethod.OwnControlNet> own = layout.method().controlNet();
    if (own.isEmpty() && controlNet.isPresent()) {
      throw new InvalidInputException(name + " is " + layout.method().named()
          + ", which has no ControlNet of its own; leave " + controlNet.get()
          + " out, or give it to"
          + " the request");
    }
    own.filter(net -> net.isAlone() || controlNet.isPresent())
        .ifPresent(net -> require(layout, net.folder(), controlNet));
    return IpAdapterFile.Kind.of(layout);
  }

  private Path besideAdapter() {
    return adapter.path().toAbsolutePath().resolveSibling("face_embedder");
  }

  private void require(AdapterLayout layout, String published, Optional<Path> given) {
    if (given.isEmpty()) {
      throw new InvalidInputException(
          AdapterCompatibility.without(adapter.path().toString(), layout, published));
    }
    if (!Files.exists(given.get())) {
      throw new InvalidInputException(
          given.get() + " does not exist; give " + published + PublishedFiles.place(published));
    }
  }
}
