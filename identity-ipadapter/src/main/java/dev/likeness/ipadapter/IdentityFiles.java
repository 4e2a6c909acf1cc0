package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Commercial;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.ipadapter.internal.method.AdapterCompatibility;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.EncoderNames;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.PublishedFile;
import dev.likeness.ipadapter.internal.method.PublishedFile.Part;
import dev.likeness.ipadapter.internal.registry.AdapterHeader;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import dev.likeness.photos.embed.UsePolicy;
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
          .imageEncoder(required(folder, layout, Part.IMAGE_ENCODER))
          .faceParser(required(folder, layout, Part.FACE_PARSER));
    } else if (layout.needsEncoder()) {
      files = files.imageEncoder(encoder(folder, layout));
    }
    if (layout.needsFace() && !Files.isDirectory(folder.resolve("face_embedder"))) {
      files = files.faceEmbedder(required(folder, layout, Part.FACE_EMBEDDER));
    }
    Optional<IdentityMethod.OwnControlNet> own = layout.method().controlNet();
    if (own.isEmpty()) {
      return files;
    }
    String net = own.get().folder();
    return own.get().isAlone() || Files.exists(folder.resolve(net))
        ? files.controlNet(required(folder, layout, Part.CONTROL_NET))
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
        && MethodRegistry.networks().noneMatch(other -> other.isNamed(name));
  }

  private static Path required(Path folder, AdapterLayout layout, Part part) {
    PublishedFile published = layout.published(part);
    return published
        .find(folder)
        .orElseThrow(() -> lacks(folder, layout, published.name(), published.where()));
  }

  private static Path encoder(Path folder, AdapterLayout layout) {
    return Optional.of(folder.resolve(EncoderNames.FOLDER))
        .filter(Files::exists)
        .orElseThrow(() -> lacks(folder, layout, EncoderNames.FOLDER, layout.encoderPlace()));
  }

  private static InvalidInputException lacks(
      Path folder, AdapterLayout layout, String name, String place) {
    return new InvalidInputException("the folder " + folder + " has "
        + layout.method().named() + ", but not " + name + ", which it needs; put it there" + place);
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
      require(layout, Part.IMAGE_ENCODER, imageEncoder);
      require(layout, Part.FACE_PARSER, adapter.faceParser());
    } else if (layout.needsEncoder()) {
      adapter.requireEncoder(layout, imageEncoder);
    }
    if (layout.needsFace() && !Files.isDirectory(besideAdapter())) {
      require(layout, Part.FACE_EMBEDDER, faceEmbedder);
    }
    Optional<IdentityMethod.OwnControlNet> own = layout.method().controlNet();
    if (own.isEmpty() && controlNet.isPresent()) {
      throw new InvalidInputException(name + " is " + layout.method().named()
          + ", which has no ControlNet of its own; leave " + controlNet.get()
          + " out, or give it to"
          + " the request");
    }
    own.filter(net -> net.isAlone() || controlNet.isPresent())
        .ifPresent(net -> require(layout, Part.CONTROL_NET, controlNet));
    return IpAdapterFile.Kind.of(layout);
  }

  private Path besideAdapter() {
    return adapter.path().toAbsolutePath().resolveSibling("face_embedder");
  }

  /**
   * Checks that the licences of all files permit a use: that of the face embedder, that of the
   * method's published adapter, and those that the catalogue knows of its other files. An adapter
   * that this library trained has no licence of others.
   *
   * @param policy the intended use
   * @throws InvalidInputException if a licence forbids this use; the message names the file and the
   *     licence
   */
  public void requireUse(UsePolicy policy) {
    if (policy == UsePolicy.NON_COMMERCIAL) {
      return;
    }
    faceEmbedder.ifPresent(given -> policy.requireForAdapter(PersonAdapter.embedderSpec(given)));
    AdapterLayout layout = adapter.layout();
    if (AdapterHeader.isOurs(AdapterHeader.metadata(adapter.path())) || layout.hasOtherFaces()) {
      return;
    }
    IdentityMethod method = layout.method();
    method.licence().filter(licence -> licence.commercial() == Commercial.NO).ifPresent(licence -> {
      throw new InvalidInputException(adapter.path() + " is " + method.named()
          + ", whose licence (" + licence.name() + ") forbids commercial use; use an adapter"
          + " whose licence allows it, such as Plus Face or PhotoMaker v1");
    });
    method.publishedFiles().stream()
        .filter(published -> isGiven(published.part()))
        .flatMap(published -> published.model().stream())
        .forEach(policy::require);
  }

  private boolean isGiven(Part part) {
    return switch (part) {
      case ADAPTER -> true;
      case IMAGE_ENCODER -> imageEncoder.isPresent();
      case FACE_PARSER -> adapter.faceParser().isPresent();
      case FACE_EMBEDDER -> faceEmbedder.isPresent();
      case CONTROL_NET -> controlNet.isPresent();
      case LORA -> !adapter.ignoresLora();
    };
  }

  private void require(AdapterLayout layout, Part part, Optional<Path> given) {
    PublishedFile published = layout.published(part);
    if (given.isEmpty()) {
      throw new InvalidInputException(
          AdapterCompatibility.without(adapter.path().toString(), layout, published));
    }
    if (!Files.exists(given.get())) {
      throw new InvalidInputException(
          given.get() + " does not exist; give " + published.name() + published.where());
    }
  }
}
