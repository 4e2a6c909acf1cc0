package dev.likeness.hub;

import dev.likeness.diffusion.internal.file.Quoted;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A file of weights at an address of the web, with its digest. A server other than a hub gives no
 * digest that can be trusted, so the caller takes it from the page where the address stands.
 *
 * @param address an {@code https} address; {@code http} only for a server on this machine
 * @param name the name of the file, such as {@code model.safetensors}
 * @param sha256 its SHA-256: 64 hexadecimal digits in lower case
 */
public record WebFile(URI address, String name, String sha256) {
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern WEIGHTS =
      Pattern.compile("(?i)[^/]+\\.(safetensors|ckpt|pt|pth|bin|gguf|onnx)");

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if the address is not one of a server, or has a user name; if
   *     the name is not one of a file of weights; or if the digest is none
   */
  public WebFile {
    String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
    if (address.getHost() == null || address.getRawUserInfo() != null) {
      throw new IllegalArgumentException(shown(address)
          + " is not an address of a file; expected https://server/path without a user name");
    }
    if (!scheme.equals("https") && !(scheme.equals("http") && HubHosts.isLoopback(address))) {
      throw new IllegalArgumentException(
          shown(address) + " is not an https address; give one that begins with https://");
    }
    if (!HubAddress.isInside(name) || !WEIGHTS.matcher(name).matches()) {
      throw new IllegalArgumentException(Quoted.of(name) + " of " + shown(address)
          + " is not the name of a file of weights; expected one that ends in .safetensors, .gguf,"
          + " .onnx, .ckpt, .pt, .pth or .bin");
    }
    if (!DIGEST.matcher(sha256).matches()) {
      throw new IllegalArgumentException(
          Quoted.of(sha256)
              + " is not a SHA-256; expected 64 hexadecimal digits, as the page of the file gives them");
    }
  }

  /**
   * {@return the file at an address, with the name at the end of its path}
   *
   * @param address an {@code https} address
   * @param sha256 64 hexadecimal digits
   * @throws IllegalArgumentException if the address has no file at its end, or a part is wrong
   */
  public static WebFile of(String address, String sha256) {
    URI parsed;
    try {
      parsed = new URI(address);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          Quoted.of(withoutQuery(address)) + " is not an address; expected https://server/path", e);
    }
    String path = parsed.getPath() == null ? "" : parsed.getPath();
    return new WebFile(
        parsed, path.substring(path.lastIndexOf('/') + 1), sha256.toLowerCase(Locale.ROOT));
  }

  // The query of an address may be a secret of the caller.
  private static String shown(URI address) {
    return Quoted.of(withoutQuery(address.toString()));
  }

  private static String withoutQuery(String address) {
    return address.replaceFirst("(?s)[?#].*", "").replaceFirst("//[^/@]*@", "//…@");
  }

  /** {@return the name and the server, without the query of the address} */
  @Override
  public String toString() {
    return name + " of " + address.getHost();
  }
}
