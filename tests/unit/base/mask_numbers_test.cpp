#include "core/base/mask_numbers.hpp"

#include <gtest/gtest.h>

namespace switchhook::base {
namespace {

TEST(MaskNumbers, ANumberInARoomNameKeepsItsLastTwoDigits) {
    EXPECT_EQ(mask_numbers("sip-_+15557654321_maV8trZ57rtx"), "sip-_+*********21_maV8trZ57rtx");
    EXPECT_EQ(mask_numbers("sip_+15551234567"), "sip_+*********67");
}

TEST(MaskNumbers, SeparatorsDoNotHideANumber) {
    EXPECT_EQ(mask_numbers("+1 555 765-4321"), "+* *** ***-**21");
    EXPECT_EQ(mask_numbers("(555) 765.43.21"), "(***) ***.**.21");
    EXPECT_EQ(mask_numbers("030/12 34 56"), "***/** ** 56");
}

TEST(MaskNumbers, SmallNumbersAndAddressesStay) {
    EXPECT_EQ(mask_numbers(""), "");
    EXPECT_EQ(mask_numbers("room 12"), "room 12");
    EXPECT_EQ(mask_numbers("customer-a.com:5060"), "customer-a.com:5060");
    EXPECT_EQ(mask_numbers("192.168.100.200"), "192.168.100.200");
}

TEST(MaskNumbers, ADottedNumberThatIsNoAddressIsMasked) {
    EXPECT_EQ(mask_numbers("555.765.43.21.9"), "***.***.**.*1.9");
    EXPECT_EQ(mask_numbers("5551.765.43.21"), "****.***.**.21");
}

TEST(MaskNumbers, SeveralNumbersAreEachMasked) {
    EXPECT_EQ(mask_numbers("from +15551234567 to 49301234567"), "from +*********67 to *********67");
}

TEST(Shown, ControlCharactersCannotForgeALine) {
    EXPECT_EQ(shown("a\nb\r\x7f\x01"), "a?b???");
}

TEST(Shown, LongTextIsCutBetweenCharacters) {
    EXPECT_EQ(shown("abcdef", 4), "abcd...");
    EXPECT_EQ(shown("abc\xC3\xA9xyz", 4), "abc...");
    EXPECT_EQ(shown("abcd", 4), "abcd");
}

TEST(Shown, ANumberThatTheCutDividesStaysMasked) {
    EXPECT_EQ(shown("x15557654321", 6), "x*****...");
}

}  // namespace
}  // namespace switchhook::base
