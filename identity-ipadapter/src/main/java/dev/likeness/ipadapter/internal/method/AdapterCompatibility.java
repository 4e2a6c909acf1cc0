package dev.likeness.ipadapter.internal.method;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.parsing.FaceFeatureEncoder;
import dev.likeness.ipadapter.internal.vision.VisionConfig;
import dev.likeness.photos.embed.EmbedderSpec;
import java.nio.file.Path;
import java.util.Optional;

/** Checks that an adapter, a base model, an image encoder and a face embedder fit together. */
public final class AdapterCompatibility {
  private AdapterCompatibility() {}

  /**
   * Refuses an adapter that was trained for another base.
   *
   * @param file name of the adapter in error messages
   */
  public static void check(String file, AdapterLayout adapter, AdapterSites base) {
    if (!adapter.method().families().contains(base.family())
        || adapter.method().usesContextWidth() && adapter.contextWidth() != base.contextWidth()) {
      throw new InvalidInputException(file + " is " + adapter.describe() + ", but the base "
          + base.name() + " is " + base.baseDescription() + "; give an adapter for this base");
    }
    if (adapter.attentionWidths().size() != base.widths().size()) {
      throw new InvalidInputException(file + " is " + adapter.describe() + ", but the base "
          + base.name() + " has " + base.widths().size()
          + " attentions; give an adapter for this base");
    }
    for (int t = 0; t < base.widths().size(); t++) {
      if (!adapter.attentionWidths().get(t).equals(base.widths().get(t))) {
        throw new InvalidInputException(file + ": tensors with index " + base.keyIndex(t) + " have "
            + adapter.attentionWidths().get(t)
            + " channels, but " + adapter.method().module(base, t) + " of the base "
            + base.name() + " has " + base.widths().get(t)
            + "; give an adapter for this base");
      }
    }
  }

  /**
   * Refuses an image encoder that the adapter was not trained with.
   *
   * @param encoder the encoder, or null if there is none
   * @param folder name of the encoder in error messages
   */
  public static void check(
      String file, AdapterLayout adapter, VisionConfig encoder, String folder) {
    check(file, adapter, Optional.empty(), encoder, folder);
  }

  /**
   * Refuses an image encoder that the adapter was not trained with.
   *
   * @param trained the family of encoders that the adapter's file names; empty to judge by the
   *     adapter's kind
   */
  public static void check(
      String file,
      AdapterLayout adapter,
      Optional<String> trained,
      VisionConfig encoder,
      String folder) {
    if (!adapter.needsEncoder()) {
      return;
    }
    String family = trained.orElseGet(() -> adapter.method().encoderFamily(adapter.imageWidth()));
    boolean pooled = adapter.method().imageInput() == IdentityMethod.ImageInput.POOLED;
    String wanted = file + " is " + adapter.method().named() + " and was trained with "
        + EncoderNames.describe(family, adapter.imageWidth(), pooled);
    if (encoder == null) {
      throw new InvalidInputException(wanted
          + "; give that image encoder: --image-encoder PATH (in Java, call ImageEncoder.open)"
          + (family.equals(EncoderNames.CLIP)
              ? EncoderNames.where(adapter.imageWidth(), pooled)
              : ""));
    }
    long has = pooled ? encoder.projectionDim() : encoder.width();
    if (has != adapter.imageWidth() || !family.isEmpty() && !family.equals(encoder.family())) {
      throw new InvalidInputException(wanted + ", but the image encoder " + folder + " is "
          + encoder.describe() + "; give the image encoder that the adapter was trained with");
    }
  }

  /**
   * Refuses other networks than a vision tower with a face parser, if the adapter needs them.
   *
   * @param encoder the tower with its parser; null if there is none, or if it is another encoder
   */
  public static void checkFaceFeatures(
      String file, AdapterLayout adapter, FaceFeatureEncoder encoder) {
    if (!adapter.needsFaceFeatures()) {
      return;
    }
    if (encoder == null) {
      PublishedFile tower = adapter.published(PublishedFile.Part.IMAGE_ENCODER);
      PublishedFile parser = adapter.published(PublishedFile.Part.FACE_PARSER);
      throw new InvalidInputException(file + " is " + adapter.method().named()
          + " and needs the vision tower EVA02-CLIP-L-14-336 and a face parser; give them:"
          + " --image-encoder " + tower.name() + " --face-parser " + parser.name() + " (in"
          + " Java, call ImageEncoder.ofFaces) (" + tower.words() + "; " + parser.words() + ")");
    }
    if (encoder.width() != adapter.imageWidth()) {
      throw new InvalidInputException(file + " is " + adapter.method().named()
          + " and was trained with a vision tower of width " + adapter.imageWidth() + ", but "
          + encoder.describe() + " has width " + encoder.width() + "; give EVA02-CLIP-L-14-336");
    }
  }

  /**
   * Returns the refusal of an adapter without a file that it needs.
   *
   * @param lacking the file that it needs
   */
  public static String without(String file, AdapterLayout adapter, PublishedFile lacking) {
    return file + " is " + adapter.method().named() + ", which needs " + lacking.name()
        + ", but it was not given; give this file" + lacking.where();
  }

  /** Returns the refusal of an adapter without its face embedder. */
  public static String withoutFaceEmbedder(String file, AdapterLayout adapter) {
    String lacks = file + " is " + adapter.method().named() + ", which needs a face embedder, but"
        + " there is no face_embedder folder beside the file; give ";
    return adapter
        .faceInput()
        .map(IdentityMethod.FaceInput::recogniser)
        .filter(trained -> trained.width() == adapter.faceWidth())
        .map(trained -> lacks + trained.file() + " of " + trained.source()
            + ": --adapter-embedder FILE" + trained.published().where())
        .orElse(
            lacks + "the face embedder that the adapter was trained with: --adapter-embedder FILE");
  }

  /** Refuses face embeddings of another length than the adapter needs. */
  public static void checkFace(String file, AdapterLayout adapter, int length, String embedder) {
    if (length != adapter.faceWidth()) {
      throw new InvalidInputException(
          file + " is " + adapter.method().named() + " and needs face embeddings of "
              + adapter.faceWidth() + " values, but " + embedder + " has " + length
              + "; give the face embedder that the adapter was trained with");
    }
  }

  /**
   * Refuses a face embedder that published adapters were not trained with, by its kind, and by its
   * published name or else the name of its file.
   *
   * @param ours true if this library trained the adapter, which may then use any face embedder
   * @param published the name under which the embedder is published; empty if it is not known
   */
  public static void checkFaceEmbedder(
      String file,
      AdapterLayout adapter,
      boolean ours,
      EmbedderSpec spec,
      Path embedder,
      Optional<String> published) {
    adapter.faceInput().map(IdentityMethod.FaceInput::recogniser).ifPresent(trained -> {
      boolean other = published
          .map(name -> spec != trained.spec() || !name.equals(trained.file()))
          .orElseGet(() -> trained.isOther(spec, embedder));
      if (adapter.faceWidth() == trained.width() && other && !ours) {
        throw new InvalidInputException(file + " is " + adapter.method().named()
            + ", trained with " + trained.file() + " of " + trained.source() + "; " + embedder
            + " is another face embedder"
            + published.map(name -> ", " + spec.name() + "'s " + name).orElse("")
            + "; give " + trained.file() + trained.published().where()
            + ", or an adapter that uses images, such as Plus Face"
            + adapter.method().lookalike());
      }
    });
  }
}
