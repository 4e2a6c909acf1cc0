package dev.likeness.ipadapter.internal.registry;

import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.PublishedFile;
import dev.likeness.ipadapter.internal.method.faceid.FaceIdMethod;
import dev.likeness.ipadapter.internal.method.faceidplus.FaceIdPlusMethod;
import dev.likeness.ipadapter.internal.method.faceidportrait.UnnormalisedFaceIdPortraitMethod;
import dev.likeness.ipadapter.internal.method.fullface.FullFaceMethod;
import dev.likeness.ipadapter.internal.method.infiniteyou.InfiniteYouMethod;
import dev.likeness.ipadapter.internal.method.instantid.InstantIdMethod;
import dev.likeness.ipadapter.internal.method.instantxflux.InstantxFluxMethod;
import dev.likeness.ipadapter.internal.method.instantxsd3.InstantxSd3Method;
import dev.likeness.ipadapter.internal.method.ipadapter.IpAdapterMethod;
import dev.likeness.ipadapter.internal.method.photomaker.PhotoMakerMethod;
import dev.likeness.ipadapter.internal.method.plus.PlusMethod;
import dev.likeness.ipadapter.internal.method.pulid.PulidMethod;
import dev.likeness.ipadapter.internal.method.xlabs.XlabsMethod;
import java.util.List;
import java.util.stream.Stream;

/**
 * The identity methods whose adapter files are opened. A new method is a folder and a line here.
 */
public final class MethodRegistry {
  public static final IdentityMethod IP_ADAPTER = new IpAdapterMethod();
  public static final IdentityMethod PLUS = new PlusMethod();
  public static final IdentityMethod FULL_FACE = new FullFaceMethod();
  public static final IdentityMethod FACE_ID = new FaceIdMethod(false);
  public static final IdentityMethod FACE_ID_PLUS = new FaceIdPlusMethod();
  public static final IdentityMethod FACE_ID_PORTRAIT = new FaceIdMethod(true);
  public static final IdentityMethod UNNORMALISED_FACE_ID_PORTRAIT =
      new UnnormalisedFaceIdPortraitMethod();
  public static final IdentityMethod PHOTO_MAKER = new PhotoMakerMethod(false);
  public static final IdentityMethod PHOTO_MAKER_V2 = new PhotoMakerMethod(true);
  public static final IdentityMethod INSTANT_ID = new InstantIdMethod();
  public static final IdentityMethod INFINITE_YOU = new InfiniteYouMethod();
  public static final IdentityMethod PULID = new PulidMethod(false);
  public static final IdentityMethod PULID_FLUX = new PulidMethod(true);
  public static final IdentityMethod XLABS = new XlabsMethod();
  public static final IdentityMethod INSTANTX_FLUX = new InstantxFluxMethod();
  public static final IdentityMethod INSTANTX_SD3 = new InstantxSd3Method();

  /**
   * In the order in which they are asked about a file: a method whose keys another method has too
   * comes after it.
   */
  private static final List<IdentityMethod> METHODS = List.of(
      PHOTO_MAKER,
      PHOTO_MAKER_V2,
      PULID,
      PULID_FLUX,
      INFINITE_YOU,
      INSTANTX_SD3,
      FACE_ID_PLUS,
      UNNORMALISED_FACE_ID_PORTRAIT,
      INSTANT_ID,
      PLUS,
      FULL_FACE,
      INSTANTX_FLUX,
      FACE_ID,
      FACE_ID_PORTRAIT,
      XLABS,
      IP_ADAPTER);

  private MethodRegistry() {}

  /** Returns all methods, in the order in which they are asked about a file. */
  public static List<IdentityMethod> methods() {
    return METHODS;
  }

  /** Returns the published networks that the methods need beside their adapters. */
  public static Stream<PublishedFile> networks() {
    return METHODS.stream()
        .flatMap(method -> Stream.concat(
            method.publishedFiles().stream()
                .filter(file -> file.part() != PublishedFile.Part.ADAPTER),
            method.faceInput(0).stream().map(input -> input.recogniser().published())));
  }
}
