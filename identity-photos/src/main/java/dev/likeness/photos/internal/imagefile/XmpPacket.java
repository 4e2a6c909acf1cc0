package dev.likeness.photos.internal.imagefile;

import com.adobe.internal.xmp.XMPException;
import com.adobe.internal.xmp.XMPMeta;
import com.adobe.internal.xmp.XMPMetaFactory;
import com.adobe.internal.xmp.options.ParseOptions;
import com.adobe.internal.xmp.options.SerializeOptions;
import dev.likeness.diffusion.image.DigitalSourceType;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The little of XMP (ISO 16684-1) that disclosure needs.
 *
 * @param sourceType IPTC's digital source type
 * @param remoteManifest where a manifest lies that the file does not carry
 */
public record XmpPacket(Optional<String> sourceType, Optional<String> remoteManifest) {
  /** Says nothing. */
  public static final XmpPacket EMPTY = new XmpPacket(Optional.empty(), Optional.empty());

  private static final String IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
  private static final String TERMS = "http://purl.org/dc/terms/";
  private static final String SOURCE_TYPE = "DigitalSourceType";

  // Asking for a property of a namespace that is not registered is an error.
  static {
    try {
      XMPMetaFactory.getSchemaRegistry().registerNamespace(IPTC, "Iptc4xmpExt");
      XMPMetaFactory.getSchemaRegistry().registerNamespace(TERMS, "dcterms");
    } catch (XMPException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** A packet that says where an image comes from and nothing else. */
  public static String serialize(DigitalSourceType source) {
    try {
      XMPMeta meta = XMPMetaFactory.create();
      meta.setProperty(IPTC, SOURCE_TYPE, source.uri());
      return XMPMetaFactory.serializeToString(
          meta, new SerializeOptions().setUseCompactFormat(true).setOmitPacketWrapper(true));
    } catch (XMPException e) {
      throw new IllegalStateException("a packet of one property", e);
    }
  }

  /** What a packet says; a packet that is no XMP says nothing. */
  public static XmpPacket parse(String packet) {
    try {
      byte[] bytes = packet.getBytes(StandardCharsets.UTF_8);
      XMPMeta meta =
          XMPMetaFactory.parseFromBuffer(bytes, new ParseOptions().setDisallowDoctype(true));
      return new XmpPacket(
          Optional.ofNullable(meta.getPropertyString(IPTC, SOURCE_TYPE)),
          Optional.ofNullable(meta.getPropertyString(TERMS, "provenance"))
              .filter(url -> !url.startsWith("self#")));
    } catch (XMPException | RuntimeException e) {
      return EMPTY;
    }
  }
}
